// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelKey} from "../types/ChannelKey.sol";
import {Voucher} from "../types/Voucher.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title One-way payment channels
/// @notice A payer deposits for one payee and hands it vouchers off the chain; the payee presents the newest.
///
/// ```
///            open            requestWithdrawal             withdraw (after the delay)
///  unknown ────────▶ open ─────────────────────▶ leaving ────────────────────────────▶ closed
///                      └──────── release ───────────┴────────── release ─────────────▶ closed
/// ```
///
/// Claims and top-ups are taken while a channel is open or leaving. A closed channel is closed for good and its
/// id is never used again, so that no old voucher can meet a new deposit.
///
/// Amounts are in the token's smallest unit, times in seconds.
interface IChannels {
    /// @notice A voucher as it is presented; the payee stands beside it (see {claim}). The signature is in
    /// compact form (EIP-2098): it costs two words instead of five in a transaction, and cannot be malleated.
    struct Claim {
        address payer;
        bytes32 salt;
        uint96 amount;
        bytes32 receiptsRoot;
        bytes32 r;
        bytes32 vs;
    }

    event ChannelOpened(
        bytes32 indexed channelId, address indexed payer, address indexed payee, bytes32 salt, uint96 deposit
    );
    /// @param deposit The channel's deposit after the top-up, claimed or not.
    event ChannelToppedUp(bytes32 indexed channelId, address indexed from, uint96 amount, uint96 deposit);
    /// @param claimed What the channel has paid in total, this claim included. It is what the voucher promises,
    /// unless `ClaimFellShort` says otherwise.
    event Claimed(bytes32 indexed channelId, uint96 claimed, bytes32 receiptsRoot);
    /// @notice Comes right after `Claimed` when the deposit did not cover the voucher.
    /// @param amount What the voucher promises in total.
    event ClaimFellShort(bytes32 indexed channelId, uint96 amount, uint96 claimed);
    /// @param reason The selector of the error with which {claim} refuses the same claim.
    event ClaimSkipped(bytes32 indexed channelId, bytes4 reason);
    event WithdrawalRequested(bytes32 indexed channelId, uint64 withdrawableAt);
    /// @param remainder What went back to the payer.
    event ChannelClosed(bytes32 indexed channelId, uint96 remainder);

    error WithdrawalDelayOutOfRange(uint64 delay, uint64 min, uint64 max);
    error AmountZero();
    error PayeeInvalid(address payee);
    error ChannelExists(bytes32 channelId);
    error ChannelUnknown(bytes32 channelId);
    error ChannelAlreadyClosed(bytes32 channelId);
    /// @notice A deposit left this contract with another balance than `expected`: the token takes a fee on
    /// transfers, or called back into here meanwhile.
    error DepositMismatch(uint256 expected, uint256 balance);
    /// @notice The voucher promises no more than was paid already.
    error VoucherStale(bytes32 channelId, uint96 amount, uint96 claimed);
    /// @notice The voucher is newer, but everything deposited has been paid: claim again after a top-up.
    error DepositExhausted(bytes32 channelId, uint96 amount, uint96 deposit);
    /// @notice The voucher was not signed by the payer in these very words, or the signature is malformed.
    error SignatureInvalid(bytes32 channelId, address payer);
    error WithdrawalAlreadyRequested(bytes32 channelId, uint64 withdrawableAt);
    error WithdrawalNotRequested(bytes32 channelId);
    error WithdrawalTooEarly(bytes32 channelId, uint64 withdrawableAt);
    error NotPayee(address caller, address payee);

    /// @notice Opens a channel from the caller to `payee` and deposits `amount`, which the caller has approved.
    /// @dev Reverts with `AmountZero`, `PayeeInvalid`, `ChannelExists` (also when that channel was closed long
    /// ago) or `DepositMismatch`.
    function open(address payee, bytes32 salt, uint96 amount) external returns (bytes32 channelId);

    /// @notice Adds `amount` of the caller's to a channel; anyone may. While a withdrawal is pending the top-up
    /// pays vouchers like any deposit, but neither stops nor delays the withdrawal: else a payee could hold the
    /// payer's money for ever with one unit a day. The remainder goes to the payer, whoever paid it in.
    /// @dev Reverts with `AmountZero`, `ChannelUnknown`, `ChannelAlreadyClosed` or `DepositMismatch`.
    function topUp(ChannelKey calldata key, uint96 amount) external;

    /// @notice Pays `payee` what the voucher promises beyond what was paid before, as far as the deposit goes;
    /// what is missing can be claimed with the same voucher after a top-up. Anyone may send it.
    /// @return paid What the payee received; never zero.
    /// @dev Reverts with `ChannelUnknown`, `ChannelAlreadyClosed`, `VoucherStale`, `DepositExhausted` or
    /// `SignatureInvalid`.
    function claim(address payee, Claim calldata voucher) external returns (uint96 paid);

    /// @notice Claims many vouchers of one payee and pays them in one transfer. A claim that {claim} would
    /// refuse is skipped with a `ClaimSkipped` event, so that one that is late, or that a reorganisation
    /// undid, does not hold up the others.
    /// @return paid What the payee received; zero if all were skipped.
    function claimMany(address payee, Claim[] calldata vouchers) external returns (uint256 paid);

    /// @notice Starts the clock after which the payer may {withdraw}. It cannot be stopped again.
    /// @dev Reverts with `ChannelUnknown`, `ChannelAlreadyClosed` or `WithdrawalAlreadyRequested`.
    function requestWithdrawal(address payee, bytes32 salt) external returns (uint64 withdrawableAt);

    /// @notice Closes the caller's channel after the delay and returns what no voucher has claimed by now.
    /// @dev Reverts with `ChannelUnknown`, `ChannelAlreadyClosed`, `WithdrawalNotRequested` or
    /// `WithdrawalTooEarly`.
    function withdraw(address payee, bytes32 salt) external returns (uint96 remainder);

    /// @notice Closes a channel at once and returns what is left to the payer. Payee only: it gives up whatever
    /// it has not claimed.
    /// @dev Reverts with `NotPayee`, `ChannelUnknown` or `ChannelAlreadyClosed`.
    function release(ChannelKey calldata key) external returns (uint96 remainder);

    /// @notice All zero for an unknown channel. A closed one has `claimed == deposit` and `withdrawableAt` at
    /// the largest uint64.
    /// @return deposit Everything paid in; on closing, lowered to what was claimed.
    /// @return claimed Everything paid to the payee.
    /// @return withdrawableAt When the payer may withdraw; zero while no withdrawal was requested.
    function channel(bytes32 id) external view returns (uint96 deposit, uint96 claimed, uint64 withdrawableAt);

    /// @notice `keccak256(abi.encode(payer, payee, salt))`.
    function channelId(ChannelKey calldata key) external pure returns (bytes32 id);

    /// @notice What the payer signs: the EIP-712 digest in the domain ("Lichen", "1", this chain, this contract).
    function voucherDigest(Voucher calldata voucher) external view returns (bytes32 digest);

    /// @notice The token of all deposits.
    function token() external view returns (IERC20);

    /// @notice Seconds between a request and the withdrawal.
    function withdrawalDelay() external view returns (uint64);
}
