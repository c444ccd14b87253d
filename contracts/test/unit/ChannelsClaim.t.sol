// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {Voucher} from "../../src/types/Voucher.sol";
import {ChannelsFixture} from "../utils/ChannelsFixture.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Claiming one voucher and many.
contract ChannelsClaimTest is ChannelsFixture {
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        id = open(SALT, DEPOSIT);
    }

    function test_voucherDigest_isTheStandards() public view {
        vm.assertEq(channels.voucherDigest(Voucher(id, 40e6, ROOT)), digestOf(address(channels), SALT, 40e6));
    }

    function test_claim_paysAndAnnounces() public {
        vm.expectEmit(address(channels));
        emit IChannels.Claimed(id, 40e6, ROOT);
        vm.prank(payee);
        vm.assertEq(channels.claim(payee, claimOf(SALT, 40e6)), 40e6);

        assertChannel(id, DEPOSIT, 40e6, 0);
        vm.assertEq(token.balanceOf(payee), 40e6);
    }

    function test_claim_paysTheDifference() public {
        channels.claim(payee, claimOf(SALT, 40e6));
        vm.assertEq(channels.claim(payee, claimOf(SALT, 45e6)), 5e6);
        vm.assertEq(token.balanceOf(payee), 45e6);
    }

    function test_claim_byAStrangerPaysThePayee() public {
        IChannels.Claim memory voucher = claimOf(SALT, 40e6);
        vm.prank(stranger);
        channels.claim(payee, voucher);
        vm.assertEq(token.balanceOf(payee), 40e6);
        vm.assertEq(token.balanceOf(stranger), 1e15);
    }

    function test_claim_fallsShortAndGoesOnAfterATopUp() public {
        IChannels.Claim memory voucher = claimOf(SALT, DEPOSIT + 7);
        vm.expectEmit(address(channels));
        emit IChannels.Claimed(id, DEPOSIT, ROOT);
        vm.expectEmit(address(channels));
        emit IChannels.ClaimFellShort(id, DEPOSIT + 7, DEPOSIT);
        vm.assertEq(channels.claim(payee, voucher), DEPOSIT);

        vm.expectRevert(abi.encodeWithSelector(IChannels.DepositExhausted.selector, id, DEPOSIT + 7, DEPOSIT));
        channels.claim(payee, voucher);

        vm.prank(payer);
        channels.topUp(keyOf(SALT), 10);
        vm.assertEq(channels.claim(payee, voucher), 7);
        assertChannel(id, DEPOSIT + 10, DEPOSIT + 7, 0);
    }

    function test_claim_refusesTheSameVoucherTwiceAndALowerOne() public {
        channels.claim(payee, claimOf(SALT, 40e6));
        vm.expectRevert(abi.encodeWithSelector(IChannels.VoucherStale.selector, id, 40e6, 40e6));
        channels.claim(payee, claimOf(SALT, 40e6));
        vm.expectRevert(abi.encodeWithSelector(IChannels.VoucherStale.selector, id, 39e6, 40e6));
        channels.claim(payee, claimOf(SALT, 39e6));
        vm.expectRevert(abi.encodeWithSelector(IChannels.VoucherStale.selector, id, 0, 40e6));
        channels.claim(payee, claimOf(SALT, 0));
    }

    function test_claim_refusesAnUnknownChannel() public {
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelUnknown.selector, idOf("other")));
        channels.claim(payee, claimOf("other", 1));
    }

    function test_claim_refusesAnotherPayee() public {
        bytes32 strangers = keccak256(abi.encode(payer, stranger, SALT));
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelUnknown.selector, strangers));
        channels.claim(stranger, claimOf(SALT, 40e6));

        // Also where the stranger has a channel of its own with this payer.
        vm.prank(payer);
        channels.open(stranger, SALT, DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IChannels.SignatureInvalid.selector, strangers, payer));
        channels.claim(stranger, claimOf(SALT, 40e6));
    }

    function test_claim_refusesAClosedChannel() public {
        channels.claim(payee, claimOf(SALT, 40e6));
        vm.prank(payee);
        channels.release(keyOf(SALT));
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelAlreadyClosed.selector, id));
        channels.claim(payee, claimOf(SALT, 50e6));
    }

    function test_claim_refusesAnotherSigner() public {
        vm.expectRevert(abi.encodeWithSelector(IChannels.SignatureInvalid.selector, id, payer));
        channels.claim(payee, claimOf(SALT, 40e6, 0xBAD));
    }

    function test_claim_refusesWhatWasNotSigned() public {
        IChannels.Claim memory voucher = claimOf(SALT, 40e6);
        voucher.amount += 1;
        expectBadSignature(voucher);
        voucher = claimOf(SALT, 40e6);
        voucher.receiptsRoot = keccak256("others");
        expectBadSignature(voucher);
    }

    function test_claim_refusesAnotherChainAndAnotherContract() public {
        IChannels.Claim memory voucher = claimOf(SALT, 40e6);
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        expectBadSignature(voucher);
        vm.chainId(here);

        IChannels.Claim memory elsewhere = voucher;
        (elsewhere.r, elsewhere.vs) = vm.signCompact(PAYER_KEY, digestOf(address(this), SALT, 40e6));
        expectBadSignature(elsewhere);
    }

    function test_claim_refusesAMalformedSignature() public {
        IChannels.Claim memory voucher = claimOf(SALT, 40e6);
        (bytes32 r, bytes32 vs) = (voucher.r, voucher.vs);
        voucher.r = 0;
        expectBadSignature(voucher);
        (voucher.r, voucher.vs) = (r, 0);
        expectBadSignature(voucher);
        // The other of the two signatures that ECDSA itself would take.
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        uint256 s = order - (uint256(vs) & (type(uint256).max >> 1));
        voucher.vs = bytes32(s | (uint256(vs) ^ (1 << 255)) >> 255 << 255);
        expectBadSignature(voucher);
    }

    function test_claim_isPaidWhileAWithdrawalIsPending() public {
        vm.prank(payer);
        uint64 withdrawableAt = channels.requestWithdrawal(payee, SALT);
        vm.warp(withdrawableAt + 1 days);
        channels.claim(payee, claimOf(SALT, 40e6));
        vm.prank(payer);
        vm.assertEq(channels.withdraw(payee, SALT), DEPOSIT - 40e6);
    }

    function test_claimMany_paysAllAtOnce() public {
        open("other", DEPOSIT);
        IChannels.Claim[] memory vouchers = new IChannels.Claim[](2);
        (vouchers[0], vouchers[1]) = (claimOf(SALT, 40e6), claimOf("other", 2e6));
        vm.recordLogs();
        vm.assertEq(channels.claimMany(payee, vouchers), 42e6);
        // Two claims, one transfer.
        vm.assertEq(vm.getRecordedLogs().length, 3);
        vm.assertEq(token.balanceOf(payee), 42e6);
    }

    function test_claimMany_skipsEveryKindOfBadClaimAndPaysTheRest() public {
        open("stale", DEPOSIT);
        channels.claim(payee, claimOf("stale", 3));
        open("empty", 3);
        channels.claim(payee, claimOf("empty", 3));
        open("closed", DEPOSIT);
        vm.prank(payee);
        channels.release(keyOf("closed"));
        open("forged", DEPOSIT);

        IChannels.Claim[] memory vouchers = new IChannels.Claim[](7);
        vouchers[0] = claimOf("unknown", 9);
        vouchers[1] = claimOf("stale", 3);
        vouchers[2] = claimOf("empty", 4);
        vouchers[3] = claimOf("closed", 9);
        vouchers[4] = claimOf("forged", 9, 0xBAD);
        vouchers[5] = claimOf(SALT, 40e6);
        vouchers[6] = vouchers[5];
        expectSkip("unknown", IChannels.ChannelUnknown.selector);
        expectSkip("stale", IChannels.VoucherStale.selector);
        expectSkip("empty", IChannels.DepositExhausted.selector);
        expectSkip("closed", IChannels.ChannelAlreadyClosed.selector);
        expectSkip("forged", IChannels.SignatureInvalid.selector);
        vm.expectEmit(address(channels));
        emit IChannels.Claimed(id, 40e6, ROOT);
        expectSkip(SALT, IChannels.VoucherStale.selector);
        vm.assertEq(channels.claimMany(payee, vouchers), 40e6);
        vm.assertEq(token.balanceOf(payee), 40e6 + 6);
    }

    function test_claimMany_ofNothingOrOnlyBadOnesPaysNothing() public {
        vm.assertEq(channels.claimMany(payee, new IChannels.Claim[](0)), 0);
        IChannels.Claim[] memory vouchers = new IChannels.Claim[](1);
        vouchers[0] = claimOf(SALT, 40e6, 0xBAD);
        vm.assertEq(channels.claimMany(payee, vouchers), 0);
        vm.assertEq(token.balanceOf(payee), 0);
    }

    function expectBadSignature(IChannels.Claim memory voucher) private {
        vm.expectRevert(abi.encodeWithSelector(IChannels.SignatureInvalid.selector, id, payer));
        channels.claim(payee, voucher);
    }

    function expectSkip(bytes32 salt, bytes4 reason) private {
        vm.expectEmit(address(channels));
        emit IChannels.ClaimSkipped(idOf(salt), reason);
    }
}
