// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {Voucher} from "../../src/types/Voucher.sol";
import {BareToken} from "../tokens/BareToken.sol";
import {CallbackToken} from "../tokens/CallbackToken.sol";
import {FeeToken} from "../tokens/FeeToken.sol";
import {ChannelsFixture} from "../utils/ChannelsFixture.sol";
import {vm} from "../utils/Vm.sol";
import {IMintable, deployChannels} from "../utils/deploy.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Tokens that are not as they should be: whatever they do, nobody's deposit pays somebody else.
contract ChannelsTokensTest is ChannelsFixture {
    function test_feeOnTransfer_isRefused() public {
        use(IMintable(address(new FeeToken())));
        vm.expectRevert(
            abi.encodeWithSelector(IChannels.DepositMismatch.selector, DEPOSIT, DEPOSIT - DEPOSIT / 100)
        );
        open(SALT, DEPOSIT);
        assertChannel(idOf(SALT), 0, 0, 0);
    }

    function test_noReturnValue_isTaken() public {
        useBare();
        open(SALT, DEPOSIT);
        channels.claim(payee, claimOf(SALT, 40e6));
        vm.assertEq(token.balanceOf(payee), 40e6);
        vm.prank(payee);
        channels.release(keyOf(SALT));
        vm.assertEq(token.balanceOf(payer), 1e15 - 40e6);
    }

    function test_returningFalse_undoesEverything() public {
        BareToken bare = useBare();
        bytes memory failed =
            abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(bare));
        bare.mute(true);
        vm.expectRevert(failed);
        open(SALT, DEPOSIT);

        bare.mute(false);
        bytes32 id = open(SALT, DEPOSIT);
        bare.mute(true);
        vm.expectRevert(failed);
        channels.claim(payee, claimOf(SALT, 40e6));
        assertChannel(id, DEPOSIT, 0, 0);
    }

    function test_openingAnotherInTheMiddleOfOpening_isRefused() public {
        CallbackToken callback = useCallback();
        // The token is a payer itself, so that its call back could go through.
        callback.mint(address(callback), DEPOSIT);
        vm.prank(address(callback));
        token.approve(address(channels), DEPOSIT);
        callback.arm(address(channels), abi.encodeCall(IChannels.open, (payee, "inner", 5)), true);

        vm.expectRevert(
            abi.encodeWithSelector(IChannels.DepositMismatch.selector, 3 * DEPOSIT, 3 * DEPOSIT + 5)
        );
        open(SALT, DEPOSIT);
    }

    function test_claimingInTheMiddleOfOpening_isRefused() public {
        CallbackToken callback = useCallback();
        // The claim comes before the deposit it is on has arrived: it would be paid out of the others'.
        IChannels.Claim memory voucher = claimOf(SALT, 40e6);
        callback.arm(address(channels), abi.encodeCall(IChannels.claim, (payee, voucher)), true);
        vm.expectRevert(
            abi.encodeWithSelector(IChannels.DepositMismatch.selector, 3 * DEPOSIT, 3 * DEPOSIT - 40e6)
        );
        open(SALT, DEPOSIT);
    }

    function test_claimingAgainInTheMiddleOfAClaim_paysNothingMore() public {
        CallbackToken callback = useCallback();
        bytes32 id = open(SALT, DEPOSIT);
        IChannels.Claim memory voucher = claimOf(SALT, 40e6);
        callback.arm(address(channels), abi.encodeCall(IChannels.claim, (payee, voucher)), false);
        channels.claim(payee, voucher);
        vm.assertTrue(!callback.succeeded(), "the inner claim was refused");
        vm.assertEq(token.balanceOf(payee), 40e6);
        assertChannel(id, DEPOSIT, 40e6, 0);
    }

    function test_releasingInTheMiddleOfAClaim_paysEachOnce() public {
        CallbackToken callback = useCallback();
        vm.prank(payer);
        bytes32 id = channels.open(address(callback), SALT, DEPOSIT);
        IChannels.Claim memory voucher = claimTo(id, 40e6);
        callback.arm(
            address(channels),
            abi.encodeWithSelector(IChannels.release.selector, payer, address(callback), SALT),
            true
        );
        channels.claim(address(callback), voucher);
        vm.assertTrue(callback.succeeded(), "the inner release went through");
        vm.assertEq(token.balanceOf(address(callback)), 40e6);
        vm.assertEq(token.balanceOf(address(channels)), 2 * DEPOSIT);
        assertChannel(id, 40e6, 40e6, type(uint64).max);
    }

    function claimTo(bytes32 id, uint96 amount) private view returns (IChannels.Claim memory) {
        bytes32 digest = channels.voucherDigest(Voucher(id, amount, ROOT));
        (bytes32 r, bytes32 vs) = vm.signCompact(PAYER_KEY, digest);
        return IChannels.Claim(payer, SALT, amount, ROOT, r, vs);
    }

    function useBare() private returns (BareToken bare) {
        bare = new BareToken();
        token = IMintable(address(bare));
        channels = deployChannels(token, DELAY);
        token.mint(payer, 1e15);
    }

    /// @dev With two deposits of somebody else's to lose.
    function useCallback() private returns (CallbackToken callback) {
        callback = new CallbackToken();
        use(IMintable(address(callback)));
        vm.startPrank(stranger);
        channels.open(payee, "one", DEPOSIT);
        channels.open(payee, "two", DEPOSIT);
        vm.stopPrank();
    }

    function use(IMintable other) private {
        token = other;
        channels = deployChannels(token, DELAY);
        fund(payer);
        fund(stranger);
    }
}
