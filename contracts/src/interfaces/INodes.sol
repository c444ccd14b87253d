// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The directory of nodes and their stakes
/// @notice A node registers an endpoint under its address, may stake, and gets a stake back only after a delay,
/// during which it can still be held to account. Registering is free, so that a directory reader should rank
/// or filter by stake. Amounts are in the token's smallest unit, times in seconds.
interface INodes {
    event NodeRegistered(address indexed node, string endpoint);
    event EndpointChanged(address indexed node, string endpoint);
    /// @param total The node's stake afterwards.
    event Staked(address indexed node, uint96 amount, uint96 total);
    /// @param unstaking Everything on its way out afterwards.
    event UnstakeRequested(address indexed node, uint96 amount, uint96 unstaking, uint64 unstakeAt);
    event Unstaked(address indexed node, uint96 amount);

    error UnstakeDelayOutOfRange(uint64 delay, uint64 min, uint64 max);
    error AlreadyRegistered(address node);
    error NotRegistered(address node);
    error EndpointEmpty();
    error EndpointTooLong(uint256 sizeBytes, uint256 maxBytes);
    error AmountZero();
    error StakeTooSmall(address node, uint96 stake, uint96 amount);
    error NothingToUnstake(address node);
    error UnstakeTooEarly(address node, uint64 unstakeAt);
    /// @notice Staking left this contract with another balance than `expected`: the token takes a fee on
    /// transfers, or called back into here meanwhile.
    error DepositMismatch(uint256 expected, uint256 balance);

    /// @notice Enters the caller with an endpoint of 1 to 256 bytes, which the contract does not interpret.
    /// @dev Reverts with `AlreadyRegistered`, `EndpointEmpty` or `EndpointTooLong`.
    function register(string calldata endpoint) external;

    /// @notice Replaces the caller's endpoint.
    /// @dev Reverts with `NotRegistered`, `EndpointEmpty` or `EndpointTooLong`.
    function setEndpoint(string calldata endpoint) external;

    /// @notice Adds `amount`, which the caller has approved, to its stake.
    /// @dev Reverts with `NotRegistered`, `AmountZero` or `DepositMismatch`.
    function stake(uint96 amount) external;

    /// @notice Takes `amount` out of the stake; it can be fetched by {unstake} after the delay. What was on its
    /// way out already joins it and waits anew, so that there is one clock per node.
    /// @dev Reverts with `NotRegistered`, `AmountZero` or `StakeTooSmall`.
    function requestUnstake(uint96 amount) external;

    /// @notice Pays the caller everything that is on its way out.
    /// @dev Reverts with `NothingToUnstake` or `UnstakeTooEarly`.
    function unstake() external returns (uint96 amount);

    /// @notice All zero and empty for an address that is not registered.
    /// @return endpoint Where the node can be reached; never empty for a registered node.
    /// @return staked What vouches for the node.
    /// @return unstaking What is on its way out and vouches no longer.
    /// @return unstakeAt When that can be fetched; zero if nothing is on its way.
    function node(address account)
        external
        view
        returns (string memory endpoint, uint96 staked, uint96 unstaking, uint64 unstakeAt);

    /// @notice How many nodes are registered.
    function count() external view returns (uint256);

    /// @notice The nodes `offset` to `offset + limit` in the order of registration; fewer or none at the end.
    function page(uint256 offset, uint256 limit) external view returns (address[] memory nodes);

    /// @notice The token of all stakes.
    function token() external view returns (IERC20);

    /// @notice Seconds between a request and {unstake}.
    function unstakeDelay() external view returns (uint64);
}
