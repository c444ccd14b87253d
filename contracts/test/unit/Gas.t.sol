// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {ChannelsFixture} from "../utils/ChannelsFixture.sol";
import {vm} from "../utils/Vm.sol";

/// @notice What whole transactions cost, base and calldata included: every call of these tests runs as a
/// transaction of its own. Figures go to contracts/snapshots/ChannelsGas.json, where a change shows as a diff.
/// forge-config: default.isolate = true
contract GasTest is ChannelsFixture {
    string private constant GROUP = "ChannelsGas";
    uint256 private constant BATCH = 50;

    function setUp() public override {
        super.setUp();
        // The everyday case: payee and contract hold some of the token already.
        token.mint(payee, 1);
        open("warm", DEPOSIT);
    }

    function test_open() public {
        open(SALT, DEPOSIT);
        vm.assertLe(vm.snapshotGasLastCall(GROUP, "open"), 70_000, "open");
    }

    function test_topUp() public {
        vm.prank(payer);
        channels.topUp(keyOf("warm"), DEPOSIT);
        vm.snapshotGasLastCall(GROUP, "topUp");
    }

    function test_claim() public {
        IChannels.Claim memory voucher = claimOf("warm", 40e6);
        vm.prank(payee);
        channels.claim(payee, voucher);
        vm.assertLe(vm.snapshotGasLastCall(GROUP, "claim"), 55_000, "claim");
    }

    function test_claimMany() public {
        IChannels.Claim[] memory vouchers = new IChannels.Claim[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            bytes32 salt = keccak256(abi.encode(i));
            open(salt, DEPOSIT);
            vouchers[i] = claimOf(salt, 40e6);
        }
        vm.prank(payee);
        channels.claimMany(payee, vouchers);
        uint256 perChannel = vm.snapshotGasLastCall(GROUP, "claimMany50") / BATCH;
        vm.snapshotValue(GROUP, "claimMany50PerChannel", perChannel);
        vm.assertLe(perChannel, 14_500, "per channel");
    }
}
