// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "./interfaces/IChannels.sol";
import {ChannelKey, toChannelId} from "./types/ChannelKey.sol";
import {Voucher, hashVoucher} from "./types/Voucher.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title One-way payment channels
/// @notice What it does and promises is said in {IChannels}.
/// @dev Solvency: this contract's balance covers the sum of `deposit - claimed` over all channels, for every
/// token whose balances change only by its transfers. Each function writes its state before it calls the
/// token, and a deposit counts only if the balance grew by exactly its amount while the call ran: a token that
/// calls back into here can at most make its own deposit fail. Hence no reentrancy lock.
contract Channels is IChannels, EIP712 {
    using SafeERC20 for IERC20;

    /// One slot.
    struct Channel {
        uint96 deposit;
        uint96 claimed;
        uint64 withdrawableAt;
    }

    uint64 private constant MIN_DELAY = 1;
    uint64 private constant MAX_DELAY = 365 days;

    /// `withdrawableAt` of a closed channel. It also keeps the slot from ever being zero again, which is how an
    /// id is known to have been used. No delay reaches it.
    uint64 private constant CLOSED = type(uint64).max;

    IERC20 private immutable _token;
    uint64 private immutable _withdrawalDelay;

    mapping(bytes32 id => Channel) private _channels;

    constructor(IERC20 token_, uint64 withdrawalDelay_) EIP712("Lichen", "1") {
        if (withdrawalDelay_ < MIN_DELAY || withdrawalDelay_ > MAX_DELAY) {
            revert WithdrawalDelayOutOfRange(withdrawalDelay_, MIN_DELAY, MAX_DELAY);
        }
        _token = token_;
        _withdrawalDelay = withdrawalDelay_;
    }

    /// @inheritdoc IChannels
    function open(address payee, bytes32 salt, uint96 amount) external returns (bytes32 id) {
        if (amount == 0) revert AmountZero();
        // The token refuses transfers to zero, and money paid to this contract itself would be stuck.
        if (payee == address(0) || payee == address(this)) revert PayeeInvalid(payee);
        id = toChannelId(msg.sender, payee, salt);
        Channel storage state = _channels[id];
        if (_isKnown(state.deposit, state.withdrawableAt)) revert ChannelExists(id);

        state.deposit = amount;
        emit ChannelOpened(id, msg.sender, payee, salt, amount);
        _pull(amount);
    }

    /// @inheritdoc IChannels
    function topUp(ChannelKey calldata key, uint96 amount) external {
        if (amount == 0) revert AmountZero();
        bytes32 id = toChannelId(key.payer, key.payee, key.salt);
        Channel storage state = _live(id);

        uint96 deposit = state.deposit + amount;
        state.deposit = deposit;
        emit ChannelToppedUp(id, msg.sender, amount, deposit);
        _pull(amount);
    }

    /// @inheritdoc IChannels
    function claim(address payee, Claim calldata voucher) external returns (uint96 paid) {
        bytes32 id;
        (id, paid) = _settle(payee, voucher, _domainSeparatorV4());
        if (paid == 0) _refuse(id, voucher);
        _token.safeTransfer(payee, paid);
    }

    /// @inheritdoc IChannels
    function claimMany(address payee, Claim[] calldata vouchers) external returns (uint256 paid) {
        bytes32 domainSeparator = _domainSeparatorV4();
        // Bounded by the caller's gas, which nobody else pays.
        for (uint256 i = 0; i < vouchers.length; ++i) {
            Claim calldata voucher = vouchers[i];
            (bytes32 id, uint96 part) = _settle(payee, voucher, domainSeparator);
            if (part == 0) emit ClaimSkipped(id, _reason(id, voucher.amount));
            paid += part;
        }
        if (paid != 0) _token.safeTransfer(payee, paid);
    }

    /// @inheritdoc IChannels
    function requestWithdrawal(address payee, bytes32 salt) external returns (uint64 withdrawableAt) {
        bytes32 id = toChannelId(msg.sender, payee, salt);
        Channel storage state = _live(id);
        withdrawableAt = state.withdrawableAt;
        if (withdrawableAt != 0) revert WithdrawalAlreadyRequested(id, withdrawableAt);

        withdrawableAt = uint64(block.timestamp) + _withdrawalDelay;
        state.withdrawableAt = withdrawableAt;
        emit WithdrawalRequested(id, withdrawableAt);
    }

    /// @inheritdoc IChannels
    function withdraw(address payee, bytes32 salt) external returns (uint96 remainder) {
        bytes32 id = toChannelId(msg.sender, payee, salt);
        Channel storage state = _live(id);
        uint64 withdrawableAt = state.withdrawableAt;
        if (withdrawableAt == 0) revert WithdrawalNotRequested(id);
        if (block.timestamp < withdrawableAt) revert WithdrawalTooEarly(id, withdrawableAt);
        return _close(id, state, msg.sender);
    }

    /// @inheritdoc IChannels
    function release(ChannelKey calldata key) external returns (uint96 remainder) {
        if (msg.sender != key.payee) revert NotPayee(msg.sender, key.payee);
        bytes32 id = toChannelId(key.payer, key.payee, key.salt);
        return _close(id, _live(id), key.payer);
    }

    /// @inheritdoc IChannels
    function channel(bytes32 id)
        external
        view
        returns (uint96 deposit, uint96 claimed, uint64 withdrawableAt)
    {
        Channel memory state = _channels[id];
        return (state.deposit, state.claimed, state.withdrawableAt);
    }

    /// @inheritdoc IChannels
    function channelId(ChannelKey calldata key) external pure returns (bytes32 id) {
        return toChannelId(key.payer, key.payee, key.salt);
    }

    /// @inheritdoc IChannels
    function voucherDigest(Voucher calldata voucher) external view returns (bytes32 digest) {
        return _hashTypedDataV4(hashVoucher(voucher.channelId, voucher.amount, voucher.receiptsRoot));
    }

    /// @inheritdoc IChannels
    function token() external view returns (IERC20) {
        return _token;
    }

    /// @inheritdoc IChannels
    function withdrawalDelay() external view returns (uint64) {
        return _withdrawalDelay;
    }

    /// @dev Books one claim; the caller moves the money. `paid` is zero if the claim is to be refused: see
    /// {_reason}.
    function _settle(address payee, Claim calldata voucher, bytes32 domainSeparator)
        private
        returns (bytes32 id, uint96 paid)
    {
        address payer = voucher.payer;
        uint96 amount = voucher.amount;
        bytes32 receiptsRoot = voucher.receiptsRoot;
        id = toChannelId(payer, payee, voucher.salt);
        Channel storage state = _channels[id];
        (uint96 deposit, uint96 claimed) = (state.deposit, state.claimed);

        // Both equal the deposit in a closed channel and are zero in an unknown one.
        uint96 claimable = amount < deposit ? amount : deposit;
        if (claimable <= claimed) return (id, 0);
        bytes32 digest =
            MessageHashUtils.toTypedDataHash(domainSeparator, hashVoucher(id, amount, receiptsRoot));
        // A malformed signature recovers to zero, which has no channel: opening takes a sender.
        (address signer,,) = ECDSA.tryRecover(digest, voucher.r, voucher.vs);
        if (signer != payer) return (id, 0);

        unchecked {
            paid = claimable - claimed;
        }
        state.claimed = claimable;
        emit Claimed(id, claimable, receiptsRoot);
        if (claimable < amount) emit ClaimFellShort(id, amount, claimable);
    }

    /// @dev Why {_settle} refused, as the selector of an error.
    function _reason(bytes32 id, uint96 amount) private view returns (bytes4) {
        Channel memory state = _channels[id];
        if (state.withdrawableAt == CLOSED) return ChannelAlreadyClosed.selector;
        if (state.deposit == 0) return ChannelUnknown.selector;
        if (amount <= state.claimed) return VoucherStale.selector;
        if (state.claimed == state.deposit) return DepositExhausted.selector;
        return SignatureInvalid.selector;
    }

    /// @dev Reverts with the error that {_reason} names.
    function _refuse(bytes32 id, Claim calldata voucher) private view {
        Channel memory state = _channels[id];
        bytes4 reason = _reason(id, voucher.amount);
        if (reason == ChannelAlreadyClosed.selector) revert ChannelAlreadyClosed(id);
        if (reason == ChannelUnknown.selector) revert ChannelUnknown(id);
        if (reason == VoucherStale.selector) revert VoucherStale(id, voucher.amount, state.claimed);
        if (reason == DepositExhausted.selector) revert DepositExhausted(id, voucher.amount, state.deposit);
        revert SignatureInvalid(id, voucher.payer);
    }

    /// @dev Closes a live channel for good; `payer` is the one in the key behind `id`.
    function _close(bytes32 id, Channel storage state, address payer) private returns (uint96 remainder) {
        uint96 claimed = state.claimed;
        remainder = state.deposit - claimed;

        state.deposit = claimed;
        state.withdrawableAt = CLOSED;
        emit ChannelClosed(id, remainder);
        if (remainder != 0) _token.safeTransfer(payer, remainder);
    }

    /// @dev Takes `amount` from the caller, or reverts if the balance did not grow by exactly that.
    function _pull(uint96 amount) private {
        uint256 expected = _token.balanceOf(address(this)) + amount;
        _token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balance = _token.balanceOf(address(this));
        if (balance != expected) revert DepositMismatch(expected, balance);
    }

    /// @dev The channel's state, if it is open or leaving.
    function _live(bytes32 id) private view returns (Channel storage state) {
        state = _channels[id];
        if (!_isKnown(state.deposit, state.withdrawableAt)) revert ChannelUnknown(id);
        if (state.withdrawableAt == CLOSED) revert ChannelAlreadyClosed(id);
    }

    /// @dev A channel once opened has a deposit until it is closed, and the mark of that ever after.
    function _isKnown(uint96 deposit, uint64 withdrawableAt) private pure returns (bool) {
        return deposit != 0 || withdrawableAt != 0;
    }
}
