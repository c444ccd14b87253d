// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {ChannelKey} from "../../src/types/ChannelKey.sol";
import {Voucher} from "../../src/types/Voucher.sol";
import {ChannelsFixture} from "../utils/ChannelsFixture.sol";
import {vm} from "../utils/Vm.sol";

/// @notice The contract agrees with vouchers that were made without it (tools/forge/vectors.ts); packages/wire
/// reads the same file.
contract VoucherVectorsTest is ChannelsFixture {
    uint256 private constant MIN_VECTORS = 5;

    function test_digestsAndSignatures() public {
        string memory json = vm.readFile("contracts/test/vectors/voucher.json");
        uint256 count = 0;
        while (vm.keyExistsJson(json, field(count, ""))) check(json, count++);
        vm.assertGe(count, MIN_VECTORS, "vectors");
    }

    function check(string memory json, uint256 i) private {
        vm.chainId(vm.parseJsonUint(json, field(i, ".chainId")));
        // The deployed code finds itself elsewhere and computes its domain anew.
        address verifyingContract = vm.parseJsonAddress(json, field(i, ".verifyingContract"));
        vm.etch(verifyingContract, address(channels).code);
        IChannels moved = IChannels(verifyingContract);

        ChannelKey memory key = ChannelKey(
            vm.parseJsonAddress(json, field(i, ".payer")),
            vm.parseJsonAddress(json, field(i, ".payee")),
            vm.parseJsonBytes32(json, field(i, ".salt"))
        );
        Voucher memory voucher = Voucher(
            vm.parseJsonBytes32(json, field(i, ".channelId")),
            uint96(vm.parseJsonUint(json, field(i, ".amount"))),
            vm.parseJsonBytes32(json, field(i, ".receiptsRoot"))
        );
        vm.assertEq(moved.channelId(key), voucher.channelId, "channelId");
        vm.assertEq(moved.voucherDigest(voucher), vm.parseJsonBytes32(json, field(i, ".digest")), "digest");
        checkSignature(json, i, moved, key, voucher);
    }

    /// @dev Both forms of the signature are one, and it pays.
    function checkSignature(
        string memory json,
        uint256 i,
        IChannels moved,
        ChannelKey memory key,
        Voucher memory voucher
    ) private {
        bytes32 r = vm.parseJsonBytes32(json, field(i, ".r"));
        bytes32 vs = vm.parseJsonBytes32(json, field(i, ".vs"));
        bytes32 s = vs & bytes32(type(uint256).max >> 1);
        bytes memory long = abi.encodePacked(r, s, uint8(27 + (uint256(vs) >> 255)));
        vm.assertEq(long, vm.parseJsonBytes(json, field(i, ".signature")));

        token.mint(key.payer, 1);
        vm.startPrank(key.payer);
        token.approve(address(moved), 1);
        moved.open(key.payee, key.salt, 1);
        vm.stopPrank();
        IChannels.Claim memory claim =
            IChannels.Claim(key.payer, key.salt, voucher.amount, voucher.receiptsRoot, r, vs);
        vm.assertEq(moved.claim(key.payee, claim), 1);
    }

    function field(uint256 i, string memory name) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(i), "]", name);
    }
}
