// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {ChannelsFixture} from "../utils/ChannelsFixture.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Any channel in any state, met by any voucher with any fault: one model says what must happen, and
/// {claim} and {claimMany} must both do that.
contract ChannelsClaimFuzzTest is ChannelsFixture {
    /// What is wrong with the signature or the words it covers; None is the common case.
    enum Fault {
        None,
        Signer,
        Amount,
        Root,
        Chain,
        Contract,
        Parity,
        Garbage
    }

    enum Stage {
        Unknown,
        Open,
        Leaving,
        Due,
        Closed
    }

    struct Case {
        uint8 stage;
        uint8 fault;
        uint96 deposit;
        uint96 claimed;
        uint96 amount;
        bytes32 noise;
        bool many;
    }

    function testFuzz_claim(Case memory c) public {
        Stage stage = Stage(c.stage % 5);
        // Every second case has no fault.
        Fault fault = c.fault % 2 == 0 ? Fault.None : Fault((c.fault / 2) % 8);
        // Small numbers, so that equal, just below and just above are all common.
        uint96 deposit = 1 + c.deposit % 4;
        uint96 claimed = stage == Stage.Unknown ? 0 : c.claimed % (deposit + 1);
        uint96 amount = c.amount % 7;
        prepare(stage, deposit, claimed);
        IChannels.Claim memory voucher = forge(amount, fault, c.noise);

        bytes4 reason = expectedReason(stage, deposit, claimed, voucher.amount, fault);
        if (c.many) checkMany(voucher, reason, deposit, claimed);
        else checkOne(voucher, reason, deposit, claimed);
        // Whatever it was, a second time it pays nothing.
        IChannels.Claim[] memory again = new IChannels.Claim[](1);
        again[0] = voucher;
        vm.assertEq(channels.claimMany(payee, again), 0);
    }

    /// @dev The rules in the order in which they are told apart.
    function expectedReason(Stage stage, uint96 deposit, uint96 claimed, uint96 amount, Fault fault)
        private
        pure
        returns (bytes4)
    {
        if (stage == Stage.Unknown) return IChannels.ChannelUnknown.selector;
        if (stage == Stage.Closed) return IChannels.ChannelAlreadyClosed.selector;
        if (amount <= claimed) return IChannels.VoucherStale.selector;
        if (claimed == deposit) return IChannels.DepositExhausted.selector;
        if (fault != Fault.None) return IChannels.SignatureInvalid.selector;
        return 0;
    }

    function checkOne(IChannels.Claim memory voucher, bytes4 reason, uint96 deposit, uint96 claimed) private {
        uint256 before = token.balanceOf(payee);
        try channels.claim(payee, voucher) returns (uint96 paid) {
            vm.assertEq(bytes32(0), reason, "was to be refused");
            vm.assertEq(paid, expectedTotal(voucher.amount, deposit) - claimed);
            vm.assertEq(token.balanceOf(payee) - before, paid);
        } catch (bytes memory reverted) {
            vm.assertEq(reverted, expectedError(reason, voucher, deposit, claimed));
            vm.assertEq(token.balanceOf(payee), before);
        }
    }

    function checkMany(IChannels.Claim memory voucher, bytes4 reason, uint96 deposit, uint96 claimed)
        private
    {
        // The bad one stands between two good ones.
        open("first", 5);
        open("last", 5);
        IChannels.Claim[] memory vouchers = new IChannels.Claim[](3);
        (vouchers[0], vouchers[1], vouchers[2]) = (claimOf("first", 2), voucher, claimOf("last", 3));
        if (reason != 0) {
            vm.expectEmit(address(channels));
            emit IChannels.ClaimSkipped(idOf(SALT), reason);
        }
        vm.recordLogs();
        uint256 paid = channels.claimMany(payee, vouchers);
        // One word about each claim, one more if the deposit fell short, and one transfer.
        uint256 short = reason == 0 && voucher.amount > deposit ? 1 : 0;
        vm.assertEq(vm.getRecordedLogs().length, 4 + short, "events");
        uint96 part = reason == 0 ? expectedTotal(voucher.amount, deposit) - claimed : 0;
        vm.assertEq(paid, 5 + part);
    }

    function expectedTotal(uint96 amount, uint96 deposit) private pure returns (uint96) {
        return amount < deposit ? amount : deposit;
    }

    function expectedError(bytes4 reason, IChannels.Claim memory voucher, uint96 deposit, uint96 claimed)
        private
        view
        returns (bytes memory)
    {
        bytes32 id = idOf(SALT);
        if (reason == IChannels.VoucherStale.selector) {
            return abi.encodeWithSelector(reason, id, voucher.amount, claimed);
        }
        if (reason == IChannels.DepositExhausted.selector) {
            return abi.encodeWithSelector(reason, id, voucher.amount, deposit);
        }
        if (reason == IChannels.SignatureInvalid.selector) return abi.encodeWithSelector(reason, id, payer);
        return abi.encodeWithSelector(reason, id);
    }

    function prepare(Stage stage, uint96 deposit, uint96 claimed) private {
        if (stage == Stage.Unknown) return;
        open(SALT, deposit);
        if (claimed != 0) channels.claim(payee, claimOf(SALT, claimed));
        if (stage == Stage.Open) return;
        vm.prank(payer);
        uint64 withdrawableAt = channels.requestWithdrawal(payee, SALT);
        if (stage == Stage.Leaving) return;
        vm.warp(withdrawableAt);
        if (stage == Stage.Due) return;
        vm.prank(payer);
        channels.withdraw(payee, SALT);
    }

    function forge(uint96 amount, Fault fault, bytes32 noise) private returns (IChannels.Claim memory claim) {
        uint256 chain = block.chainid;
        if (fault == Fault.Chain) vm.chainId(chain + 1);
        address verifier = fault == Fault.Contract ? address(this) : address(channels);
        (bytes32 r, bytes32 vs) = vm.signCompact(
            fault == Fault.Signer ? PAYER_KEY + 1 : PAYER_KEY, digestOf(verifier, SALT, amount)
        );
        vm.chainId(chain);
        claim = IChannels.Claim(payer, SALT, amount, ROOT, r, vs);
        if (fault == Fault.Amount) claim.amount += 1;
        if (fault == Fault.Root) claim.receiptsRoot = noise == ROOT ? bytes32(0) : noise;
        if (fault == Fault.Parity) claim.vs = bytes32(uint256(vs) ^ (1 << 255));
        if (fault == Fault.Garbage) claim.r = noise == r ? bytes32(0) : noise;
    }
}
