// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {ChannelsFixture} from "../utils/ChannelsFixture.sol";
import {vm} from "../utils/Vm.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice Opening and topping up.
contract ChannelsOpenTest is ChannelsFixture {
    function test_constructor_keepsTokenAndDelay() public view {
        vm.assertEq(address(channels.token()), address(token));
        vm.assertEq(channels.withdrawalDelay(), DELAY);
    }

    function test_open_depositsAndAnnounces() public {
        bytes32 id = idOf(SALT);
        vm.expectEmit(address(channels));
        emit IChannels.ChannelOpened(id, payer, payee, SALT, DEPOSIT);
        vm.assertEq(open(SALT, DEPOSIT), id);

        assertChannel(id, DEPOSIT, 0, 0);
        vm.assertEq(token.balanceOf(address(channels)), DEPOSIT);
        vm.assertEq(channels.channelId(keyOf(SALT)), id);
    }

    function test_open_refusesZero() public {
        vm.expectRevert(IChannels.AmountZero.selector);
        open(SALT, 0);
    }

    function test_open_refusesPayeesThatCannotBePaid() public {
        vm.startPrank(payer);
        vm.expectRevert(abi.encodeWithSelector(IChannels.PayeeInvalid.selector, address(0)));
        channels.open(address(0), SALT, DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IChannels.PayeeInvalid.selector, address(channels)));
        channels.open(address(channels), SALT, DEPOSIT);
        vm.stopPrank();
    }

    function test_open_refusesAnIdInUse() public {
        bytes32 id = open(SALT, DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelExists.selector, id));
        open(SALT, DEPOSIT);
    }

    function test_open_refusesAnIdThatWasClosedUnclaimed() public {
        bytes32 id = open(SALT, DEPOSIT);
        vm.prank(payee);
        channels.release(keyOf(SALT));
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelExists.selector, id));
        open(SALT, DEPOSIT);
    }

    function test_open_needsTheMoney() public {
        vm.prank(payer);
        token.approve(address(channels), DEPOSIT - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(channels), DEPOSIT - 1, DEPOSIT
            )
        );
        open(SALT, DEPOSIT);
        assertChannel(idOf(SALT), 0, 0, 0);
    }

    function test_open_keepsPayersApart() public {
        open(SALT, DEPOSIT);
        vm.prank(stranger);
        bytes32 id = channels.open(payee, SALT, 1);
        assertChannel(id, 1, 0, 0);
        assertChannel(idOf(SALT), DEPOSIT, 0, 0);
    }

    function test_topUp_adds() public {
        bytes32 id = open(SALT, DEPOSIT);
        vm.expectEmit(address(channels));
        emit IChannels.ChannelToppedUp(id, stranger, 5, DEPOSIT + 5);
        vm.prank(stranger);
        channels.topUp(keyOf(SALT), 5);

        assertChannel(id, DEPOSIT + 5, 0, 0);
        vm.assertEq(token.balanceOf(stranger), 1e15 - 5);
    }

    function test_topUp_leavesAPendingWithdrawalAlone() public {
        bytes32 id = open(SALT, DEPOSIT);
        vm.prank(payer);
        uint64 withdrawableAt = channels.requestWithdrawal(payee, SALT);
        vm.warp(withdrawableAt - 1);
        vm.prank(payee);
        token.approve(address(channels), 1);
        token.mint(payee, 1);
        vm.prank(payee);
        channels.topUp(keyOf(SALT), 1);
        assertChannel(id, DEPOSIT + 1, 0, withdrawableAt);

        vm.warp(withdrawableAt);
        vm.prank(payer);
        vm.assertEq(channels.withdraw(payee, SALT), DEPOSIT + 1);
    }

    function test_topUp_refusesZeroUnknownAndClosed() public {
        vm.startPrank(stranger);
        vm.expectRevert(IChannels.AmountZero.selector);
        channels.topUp(keyOf(SALT), 0);
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelUnknown.selector, idOf(SALT)));
        channels.topUp(keyOf(SALT), 1);
        vm.stopPrank();

        open(SALT, DEPOSIT);
        vm.prank(payee);
        channels.release(keyOf(SALT));
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelAlreadyClosed.selector, idOf(SALT)));
        vm.prank(stranger);
        channels.topUp(keyOf(SALT), 1);
    }

    function test_topUp_refusesToOverflow() public {
        open(SALT, DEPOSIT);
        token.mint(stranger, type(uint96).max);
        vm.expectRevert();
        vm.prank(stranger);
        channels.topUp(keyOf(SALT), type(uint96).max);
        assertChannel(idOf(SALT), DEPOSIT, 0, 0);
    }
}
