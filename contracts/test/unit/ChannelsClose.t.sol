// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {ChannelsFixture} from "../utils/ChannelsFixture.sol";
import {vm} from "../utils/Vm.sol";
import {deployChannels} from "../utils/deploy.sol";

/// @notice Withdrawing after the delay, and releasing at once.
contract ChannelsCloseTest is ChannelsFixture {
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        id = open(SALT, DEPOSIT);
    }

    function test_constructor_refusesDelaysOutOfRange() public {
        deployChannels(token, 1);
        deployChannels(token, 365 days);
        expectDelayRefused(0);
        expectDelayRefused(365 days + 1);
        expectDelayRefused(type(uint64).max);
    }

    function test_requestWithdrawal_startsTheClock() public {
        uint64 withdrawableAt = uint64(block.timestamp) + DELAY;
        vm.expectEmit(address(channels));
        emit IChannels.WithdrawalRequested(id, withdrawableAt);
        vm.prank(payer);
        vm.assertEq(channels.requestWithdrawal(payee, SALT), withdrawableAt);
        assertChannel(id, DEPOSIT, 0, withdrawableAt);
    }

    function test_requestWithdrawal_isThePayersAlone() public {
        bytes32 strangers = keccak256(abi.encode(stranger, payee, SALT));
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelUnknown.selector, strangers));
        vm.prank(stranger);
        channels.requestWithdrawal(payee, SALT);
    }

    function test_requestWithdrawal_cannotBeRepeated() public {
        vm.startPrank(payer);
        uint64 withdrawableAt = channels.requestWithdrawal(payee, SALT);
        vm.expectRevert(
            abi.encodeWithSelector(IChannels.WithdrawalAlreadyRequested.selector, id, withdrawableAt)
        );
        channels.requestWithdrawal(payee, SALT);
        vm.warp(withdrawableAt);
        channels.withdraw(payee, SALT);
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelAlreadyClosed.selector, id));
        channels.requestWithdrawal(payee, SALT);
        vm.stopPrank();
    }

    function test_withdraw_returnsWhatIsLeft() public {
        channels.claim(payee, claimOf(SALT, 40e6));
        vm.startPrank(payer);
        vm.warp(channels.requestWithdrawal(payee, SALT));
        vm.expectEmit(address(channels));
        emit IChannels.ChannelClosed(id, DEPOSIT - 40e6);
        vm.assertEq(channels.withdraw(payee, SALT), DEPOSIT - 40e6);
        vm.stopPrank();

        assertChannel(id, 40e6, 40e6, type(uint64).max);
        vm.assertEq(token.balanceOf(payer), 1e15 - 40e6);
        vm.assertEq(token.balanceOf(address(channels)), 0);
    }

    function test_withdraw_closesAnEmptyChannelToo() public {
        channels.claim(payee, claimOf(SALT, DEPOSIT));
        vm.startPrank(payer);
        vm.warp(channels.requestWithdrawal(payee, SALT));
        vm.assertEq(channels.withdraw(payee, SALT), 0);
        vm.stopPrank();
        assertChannel(id, DEPOSIT, DEPOSIT, type(uint64).max);
    }

    function test_withdraw_refusesBeforeItsTime() public {
        vm.startPrank(payer);
        vm.expectRevert(abi.encodeWithSelector(IChannels.WithdrawalNotRequested.selector, id));
        channels.withdraw(payee, SALT);
        uint64 withdrawableAt = channels.requestWithdrawal(payee, SALT);
        vm.warp(withdrawableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IChannels.WithdrawalTooEarly.selector, id, withdrawableAt));
        channels.withdraw(payee, SALT);
        vm.stopPrank();
    }

    function test_withdraw_refusesStrangersAndASecondTime() public {
        vm.prank(payer);
        vm.warp(channels.requestWithdrawal(payee, SALT));
        vm.expectRevert(
            abi.encodeWithSelector(
                IChannels.ChannelUnknown.selector, keccak256(abi.encode(payee, payee, SALT))
            )
        );
        vm.prank(payee);
        channels.withdraw(payee, SALT);

        vm.startPrank(payer);
        channels.withdraw(payee, SALT);
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelAlreadyClosed.selector, id));
        channels.withdraw(payee, SALT);
        vm.stopPrank();
        vm.assertEq(token.balanceOf(payer), 1e15);
    }

    function test_release_returnsWhatIsLeftAtOnce() public {
        channels.claim(payee, claimOf(SALT, 40e6));
        vm.expectEmit(address(channels));
        emit IChannels.ChannelClosed(id, DEPOSIT - 40e6);
        vm.prank(payee);
        vm.assertEq(channels.release(keyOf(SALT)), DEPOSIT - 40e6);
        assertChannel(id, 40e6, 40e6, type(uint64).max);
        vm.assertEq(token.balanceOf(payer), 1e15 - 40e6);
    }

    function test_release_isThePayeesAlone() public {
        vm.expectRevert(abi.encodeWithSelector(IChannels.NotPayee.selector, payer, payee));
        vm.prank(payer);
        channels.release(keyOf(SALT));
    }

    function test_release_refusesUnknownAndClosed() public {
        vm.startPrank(payee);
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelUnknown.selector, idOf("other")));
        channels.release(keyOf("other"));
        channels.release(keyOf(SALT));
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelAlreadyClosed.selector, id));
        channels.release(keyOf(SALT));
        vm.stopPrank();
    }

    function expectDelayRefused(uint64 delay) private {
        try this.deployWithDelay(delay) {
            revert("deployed with a delay out of range");
        } catch (bytes memory reason) {
            vm.assertEq(
                reason,
                abi.encodeWithSelector(
                    IChannels.WithdrawalDelayOutOfRange.selector, delay, uint64(1), uint64(365 days)
                )
            );
        }
    }

    function deployWithDelay(uint64 delay) external {
        deployChannels(token, delay);
    }
}
