// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INodes} from "./interfaces/INodes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// @title The directory of nodes and their stakes
/// @notice What it does and promises is said in {INodes}.
/// @dev Solvency and reentrancy as in {Channels}: state first, then the token, and a stake counts only if the
/// balance grew by exactly its amount.
contract Nodes is INodes {
    using SafeERC20 for IERC20;
    using EnumerableSet for EnumerableSet.AddressSet;

    struct Node {
        string endpoint;
        uint96 stake;
        uint96 unstaking;
        uint64 unstakeAt;
    }

    uint256 private constant MAX_ENDPOINT_BYTES = 256;
    uint64 private constant MIN_DELAY = 1;
    uint64 private constant MAX_DELAY = 365 days;

    IERC20 private immutable _token;
    uint64 private immutable _unstakeDelay;

    EnumerableSet.AddressSet private _registered;
    mapping(address account => Node) private _nodes;

    modifier onlyRegistered() {
        if (!_registered.contains(msg.sender)) revert NotRegistered(msg.sender);
        _;
    }

    constructor(IERC20 token_, uint64 unstakeDelay_) {
        if (unstakeDelay_ < MIN_DELAY || unstakeDelay_ > MAX_DELAY) {
            revert UnstakeDelayOutOfRange(unstakeDelay_, MIN_DELAY, MAX_DELAY);
        }
        _token = token_;
        _unstakeDelay = unstakeDelay_;
    }

    /// @inheritdoc INodes
    function register(string calldata endpoint) external {
        if (!_registered.add(msg.sender)) revert AlreadyRegistered(msg.sender);
        _setEndpoint(endpoint);
        emit NodeRegistered(msg.sender, endpoint);
    }

    /// @inheritdoc INodes
    function setEndpoint(string calldata endpoint) external onlyRegistered {
        _setEndpoint(endpoint);
        emit EndpointChanged(msg.sender, endpoint);
    }

    /// @inheritdoc INodes
    function stake(uint96 amount) external onlyRegistered {
        if (amount == 0) revert AmountZero();
        Node storage self = _nodes[msg.sender];

        uint96 total = self.stake + amount;
        self.stake = total;
        emit Staked(msg.sender, amount, total);

        uint256 expected = _token.balanceOf(address(this)) + amount;
        _token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balance = _token.balanceOf(address(this));
        if (balance != expected) revert DepositMismatch(expected, balance);
    }

    /// @inheritdoc INodes
    function requestUnstake(uint96 amount) external onlyRegistered {
        if (amount == 0) revert AmountZero();
        Node storage self = _nodes[msg.sender];
        uint96 staked = self.stake;
        if (amount > staked) revert StakeTooSmall(msg.sender, staked, amount);

        uint96 unstaking = self.unstaking + amount;
        uint64 unstakeAt = uint64(block.timestamp) + _unstakeDelay;
        self.stake = staked - amount;
        self.unstaking = unstaking;
        self.unstakeAt = unstakeAt;
        emit UnstakeRequested(msg.sender, amount, unstaking, unstakeAt);
    }

    /// @inheritdoc INodes
    function unstake() external returns (uint96 amount) {
        Node storage self = _nodes[msg.sender];
        amount = self.unstaking;
        if (amount == 0) revert NothingToUnstake(msg.sender);
        uint64 unstakeAt = self.unstakeAt;
        if (block.timestamp < unstakeAt) revert UnstakeTooEarly(msg.sender, unstakeAt);

        self.unstaking = 0;
        self.unstakeAt = 0;
        emit Unstaked(msg.sender, amount);
        _token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc INodes
    function node(address account)
        external
        view
        returns (string memory endpoint, uint96 staked, uint96 unstaking, uint64 unstakeAt)
    {
        Node storage self = _nodes[account];
        return (self.endpoint, self.stake, self.unstaking, self.unstakeAt);
    }

    /// @inheritdoc INodes
    function count() external view returns (uint256) {
        return _registered.length();
    }

    /// @inheritdoc INodes
    function page(uint256 offset, uint256 limit) external view returns (address[] memory nodes) {
        uint256 total = _registered.length();
        if (offset >= total) return nodes;
        uint256 size = limit < total - offset ? limit : total - offset;
        return _registered.values(offset, offset + size);
    }

    /// @inheritdoc INodes
    function token() external view returns (IERC20) {
        return _token;
    }

    /// @inheritdoc INodes
    function unstakeDelay() external view returns (uint64) {
        return _unstakeDelay;
    }

    function _setEndpoint(string calldata endpoint) private {
        uint256 sizeBytes = bytes(endpoint).length;
        if (sizeBytes == 0) revert EndpointEmpty();
        if (sizeBytes > MAX_ENDPOINT_BYTES) revert EndpointTooLong(sizeBytes, MAX_ENDPOINT_BYTES);
        _nodes[msg.sender].endpoint = endpoint;
    }
}
