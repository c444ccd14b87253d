// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelKey} from "../../src/types/ChannelKey.sol";
import {vm} from "../utils/Vm.sol";
import {ChannelsHandler} from "./ChannelsHandler.sol";

/// @notice What holds after any sequence of steps.
contract ChannelsInvariantTest {
    ChannelsHandler private handler;
    /// The most that each channel was ever seen to have claimed.
    mapping(bytes32 id => uint256) private seen;

    function setUp() public {
        handler = new ChannelsHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One run for all of them: each function named `invariant` would make a run of its own.
    function invariant_channels() external {
        checkSolvent();
        checkPaidOnce();
        checkModel();
    }

    /// @dev The contract owns exactly what its channels hold.
    function checkSolvent() private view {
        uint256 held = 0;
        ChannelKey[] memory keys = handler.keys();
        for (uint256 i = 0; i < keys.length; ++i) {
            (uint96 deposit, uint96 claimed,) = handler.channels().channel(keccak256(abi.encode(keys[i])));
            vm.assertLe(claimed, deposit, "claimed <= deposit");
            held += deposit - claimed;
        }
        vm.assertEq(handler.token().balanceOf(address(handler.channels())), held, "balance");
    }

    /// @dev A payee has what its channels have claimed, no voucher paid twice, and no more than was signed.
    function checkPaidOnce() private view {
        ChannelKey[] memory keys = handler.keys();
        address[2] memory payees = handler.payees();
        for (uint256 p = 0; p < payees.length; ++p) {
            uint256 sum = 0;
            for (uint256 i = 0; i < keys.length; ++i) {
                if (keys[i].payee != payees[p]) continue;
                bytes32 id = keccak256(abi.encode(keys[i]));
                (, uint96 claimed,) = handler.channels().channel(id);
                vm.assertLe(claimed, handler.highest(id), "claimed <= signed");
                sum += claimed;
            }
            vm.assertEq(handler.token().balanceOf(payees[p]), sum, "payee");
        }
    }

    /// @dev The state is the model's, and what was claimed never shrinks, whatever happens to the channel.
    function checkModel() private {
        ChannelKey[] memory keys = handler.keys();
        for (uint256 i = 0; i < keys.length; ++i) {
            bytes32 id = keccak256(abi.encode(keys[i]));
            ChannelsHandler.Model memory model = handler.modelOf(id);
            (uint96 deposit, uint96 claimed, uint64 withdrawableAt) = handler.channels().channel(id);
            vm.assertEq(deposit, model.deposit, "deposit");
            vm.assertEq(claimed, model.claimed, "claimed");
            vm.assertEq(
                withdrawableAt, model.closed ? type(uint64).max : model.withdrawableAt, "withdrawableAt"
            );
            vm.assertGe(claimed, seen[id], "monotone");
            seen[id] = claimed;
        }
    }

    /// @dev Not an empty show: the handler can bring about every kind of step.
    function test_everyKindOfStepCanHappen() public {
        handler.open(0, 10);
        handler.topUp(0, 1, 5);
        handler.claim(0, 7);
        handler.replayAll(0);
        handler.claim(0, 20);
        handler.topUp(0, 0, 5);
        handler.replayAll(0);
        handler.requestWithdrawal(0);
        handler.wait(99);
        handler.withdraw(0);
        handler.open(1, 10);
        handler.release(1, 0);
        vm.assertEq(handler.done(handler.open.selector), 2);
        vm.assertEq(handler.done(handler.topUp.selector), 2);
        vm.assertEq(handler.done(handler.claim.selector), 2);
        vm.assertEq(handler.done(handler.replayAll.selector), 1);
        vm.assertEq(handler.done(handler.requestWithdrawal.selector), 1);
        vm.assertEq(handler.done(handler.withdraw.selector), 1);
        vm.assertEq(handler.done(handler.release.selector), 1);
        this.invariant_channels();
    }
}
