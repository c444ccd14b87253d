// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {ChannelKey} from "../../src/types/ChannelKey.sol";
import {vm} from "./Vm.sol";
import {IMintable, deployChannels, deployToken} from "./deploy.sol";

/// @notice A token, the channels and a payer with a known key, ready for a test.
abstract contract ChannelsFixture {
    uint64 internal constant DELAY = 1 hours;
    uint96 internal constant DEPOSIT = 100e6;
    bytes32 internal constant SALT = bytes32(uint256(0x5a17));
    bytes32 internal constant ROOT = keccak256("receipts");

    uint256 internal constant PAYER_KEY = 0xA11CE;
    address internal immutable payer = vm.addr(PAYER_KEY);
    address internal immutable payee = vm.addr(0xB0B);
    address internal immutable stranger = vm.addr(0xCAFE);

    IMintable internal token;
    IChannels internal channels;

    function setUp() public virtual {
        token = deployToken(address(this));
        channels = deployChannels(token, DELAY);
        fund(payer);
        fund(stranger);
    }

    /// @dev Gives `account` a billion dollars and lets the channels take them.
    function fund(address account) internal {
        token.mint(account, 1e15);
        vm.prank(account);
        token.approve(address(channels), type(uint256).max);
    }

    function keyOf(bytes32 salt) internal view returns (ChannelKey memory) {
        return ChannelKey(payer, payee, salt);
    }

    function idOf(bytes32 salt) internal view returns (bytes32) {
        return keccak256(abi.encode(payer, payee, salt));
    }

    function open(bytes32 salt, uint96 amount) internal returns (bytes32 id) {
        vm.prank(payer);
        return channels.open(payee, salt, amount);
    }

    /// @dev The digest of a voucher on the payer's channel `salt` as the standard defines it, without asking
    /// the contract.
    function digestOf(address verifyingContract, bytes32 salt, uint96 amount)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Lichen"),
                keccak256("1"),
                block.chainid,
                verifyingContract
            )
        );
        bytes32 typeHash = keccak256("Voucher(bytes32 channelId,uint96 amount,bytes32 receiptsRoot)");
        bytes32 structHash = keccak256(abi.encode(typeHash, idOf(salt), amount, ROOT));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// @dev A claim on the payer's channel `salt`, signed by whoever holds `signerKey`.
    function claimOf(bytes32 salt, uint96 amount, uint256 signerKey)
        internal
        view
        returns (IChannels.Claim memory)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(signerKey, digestOf(address(channels), salt, amount));
        return IChannels.Claim(payer, salt, amount, ROOT, r, vs);
    }

    function claimOf(bytes32 salt, uint96 amount) internal view returns (IChannels.Claim memory) {
        return claimOf(salt, amount, PAYER_KEY);
    }

    function assertChannel(bytes32 id, uint96 deposit, uint96 claimed, uint64 withdrawableAt) internal view {
        (uint96 actualDeposit, uint96 actualClaimed, uint64 actualWithdrawableAt) = channels.channel(id);
        vm.assertEq(actualDeposit, deposit, "deposit");
        vm.assertEq(actualClaimed, claimed, "claimed");
        vm.assertEq(actualWithdrawableAt, withdrawableAt, "withdrawableAt");
    }
}
