// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INodes} from "../../src/interfaces/INodes.sol";
import {vm} from "../utils/Vm.sol";
import {IMintable, deployNodes, deployToken} from "../utils/deploy.sol";

/// @notice Three nodes that stake and unstake in any order, allowed or not.
contract NodesHandler {
    uint64 private constant DELAY = 100;

    IMintable public token;
    INodes public nodes;
    address[3] private _accounts = [vm.addr(1), vm.addr(2), vm.addr(3)];
    uint256 private _now = 1_000_000;

    constructor() {
        vm.warp(_now);
        token = deployToken(address(this));
        nodes = deployNodes(token, DELAY);
        for (uint256 i = 0; i < _accounts.length; ++i) {
            token.mint(_accounts[i], 1e12);
            vm.startPrank(_accounts[i]);
            token.approve(address(nodes), type(uint256).max);
            nodes.register("x");
            vm.stopPrank();
        }
    }

    function stake(uint256 who, uint96 amount) external {
        vm.prank(_accounts[who % 3]);
        try nodes.stake(amount % 20) {}
        catch {
            vm.assertEq(amount % 20, 0, "only nothing is refused");
        }
    }

    function requestUnstake(uint256 who, uint96 amount) external {
        address account = _accounts[who % 3];
        (, uint96 staked,,) = nodes.node(account);
        amount %= 20;
        vm.prank(account);
        try nodes.requestUnstake(amount) {
            vm.assertTrue(amount != 0 && amount <= staked, "more than the stake");
        } catch {
            vm.assertTrue(amount == 0 || amount > staked, "refused for nothing");
        }
    }

    function unstake(uint256 who) external {
        address account = _accounts[who % 3];
        (,, uint96 unstaking, uint64 unstakeAt) = nodes.node(account);
        vm.prank(account);
        try nodes.unstake() returns (uint96 amount) {
            vm.assertTrue(amount == unstaking && amount != 0 && _now >= unstakeAt, "too early");
        } catch {
            vm.assertTrue(unstaking == 0 || _now < unstakeAt, "refused for nothing");
        }
    }

    function wait(uint256 time) external {
        _now += 1 + time % DELAY;
        vm.warp(_now);
    }

    function accounts() external view returns (address[3] memory) {
        return _accounts;
    }
}

contract NodesInvariantTest {
    NodesHandler private handler;

    function setUp() public {
        handler = new NodesHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev The contract owns exactly the stakes, at work or on their way out; nobody made money.
    function invariant_solvent() public view {
        address[3] memory accounts = handler.accounts();
        uint256 held = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            (, uint96 staked, uint96 unstaking, uint64 unstakeAt) = handler.nodes().node(accounts[i]);
            held += uint256(staked) + unstaking;
            vm.assertEq(handler.token().balanceOf(accounts[i]), 1e12 - staked - unstaking, "account");
            vm.assertTrue((unstaking == 0) == (unstakeAt == 0), "a clock for nothing");
        }
        vm.assertEq(handler.token().balanceOf(address(handler.nodes())), held, "balance");
    }
}
