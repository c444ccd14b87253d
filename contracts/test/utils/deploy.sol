// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {INodes} from "../../src/interfaces/INodes.sol";
import {vm} from "./Vm.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A token that a test can fill accounts with.
interface IMintable is IERC20 {
    function mint(address to, uint256 amount) external;
}

/// @dev A TestToken that `owner` owns.
function deployToken(address owner) returns (IMintable) {
    return IMintable(vm.deployCode("TestToken.sol:TestToken", abi.encode(owner)));
}

function deployChannels(IERC20 token, uint64 withdrawalDelay) returns (IChannels) {
    return IChannels(vm.deployCode("Channels.sol:Channels", abi.encode(token, withdrawalDelay)));
}

function deployNodes(IERC20 token, uint64 unstakeDelay) returns (INodes) {
    return INodes(vm.deployCode("Nodes.sol:Nodes", abi.encode(token, unstakeDelay)));
}
