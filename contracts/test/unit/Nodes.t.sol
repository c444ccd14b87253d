// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INodes} from "../../src/interfaces/INodes.sol";
import {FeeToken} from "../tokens/FeeToken.sol";
import {vm} from "../utils/Vm.sol";
import {IMintable, deployNodes, deployToken} from "../utils/deploy.sol";

/// @notice The directory and its stakes.
contract NodesTest {
    uint64 private constant DELAY = 1 days;
    string private constant ENDPOINT = "/ip4/127.0.0.1/tcp/4001";
    address private immutable node = vm.addr(0xA0DE);
    address private immutable other = vm.addr(0xB0DE);

    IMintable private token;
    INodes private nodes;

    function setUp() public {
        token = deployToken(address(this));
        nodes = deployNodes(token, DELAY);
        fund(node);
        vm.prank(node);
        nodes.register(ENDPOINT);
    }

    function test_constructor_keepsTokenAndDelay() public view {
        vm.assertEq(address(nodes.token()), address(token));
        vm.assertEq(nodes.unstakeDelay(), DELAY);
    }

    function test_constructor_refusesDelaysOutOfRange() public {
        this.deployWithDelay(1);
        this.deployWithDelay(365 days);
        expectDelayRefused(0);
        expectDelayRefused(365 days + 1);
    }

    function test_register_entersAndAnnounces() public {
        vm.expectEmit(address(nodes));
        emit INodes.NodeRegistered(other, "https://example.org");
        vm.prank(other);
        nodes.register("https://example.org");
        vm.assertEq(nodes.count(), 2);
        assertNode(other, "https://example.org", 0, 0, 0);
    }

    function test_register_onlyOnce() public {
        vm.expectRevert(abi.encodeWithSelector(INodes.AlreadyRegistered.selector, node));
        vm.prank(node);
        nodes.register(ENDPOINT);
    }

    function test_endpoint_hasOneTo256Bytes() public {
        string memory longest = string(new bytes(256));
        string memory tooLong = string(new bytes(257));
        vm.startPrank(node);
        nodes.setEndpoint("x");
        nodes.setEndpoint(longest);
        vm.expectRevert(INodes.EndpointEmpty.selector);
        nodes.setEndpoint("");
        vm.expectRevert(abi.encodeWithSelector(INodes.EndpointTooLong.selector, 257, 256));
        nodes.setEndpoint(tooLong);
        vm.stopPrank();

        vm.startPrank(other);
        vm.expectRevert(INodes.EndpointEmpty.selector);
        nodes.register("");
        vm.expectRevert(abi.encodeWithSelector(INodes.EndpointTooLong.selector, 257, 256));
        nodes.register(tooLong);
        vm.stopPrank();
        vm.assertEq(nodes.count(), 1);
    }

    function test_setEndpoint_replacesAndAnnounces() public {
        vm.expectEmit(address(nodes));
        emit INodes.EndpointChanged(node, "new");
        vm.prank(node);
        nodes.setEndpoint("new");
        assertNode(node, "new", 0, 0, 0);
    }

    function test_onlyTheRegistered() public {
        bytes memory refused = abi.encodeWithSelector(INodes.NotRegistered.selector, other);
        vm.startPrank(other);
        vm.expectRevert(refused);
        nodes.setEndpoint(ENDPOINT);
        vm.expectRevert(refused);
        nodes.stake(1);
        vm.expectRevert(refused);
        nodes.requestUnstake(1);
        vm.stopPrank();
    }

    function test_stake_adds() public {
        vm.startPrank(node);
        nodes.stake(5);
        vm.expectEmit(address(nodes));
        emit INodes.Staked(node, 7, 12);
        nodes.stake(7);
        vm.stopPrank();
        assertNode(node, ENDPOINT, 12, 0, 0);
        vm.assertEq(token.balanceOf(address(nodes)), 12);
    }

    function test_zeroIsRefused() public {
        vm.startPrank(node);
        vm.expectRevert(INodes.AmountZero.selector);
        nodes.stake(0);
        vm.expectRevert(INodes.AmountZero.selector);
        nodes.requestUnstake(0);
        vm.stopPrank();
    }

    function test_stake_refusesAFeeOnTransfer() public {
        token = IMintable(address(new FeeToken()));
        nodes = deployNodes(token, DELAY);
        fund(node);
        vm.startPrank(node);
        nodes.register(ENDPOINT);
        vm.expectRevert(abi.encodeWithSelector(INodes.DepositMismatch.selector, 1000, 990));
        nodes.stake(1000);
        vm.stopPrank();
    }

    function test_unstake_paysAfterTheDelay() public {
        vm.startPrank(node);
        nodes.stake(10);
        uint64 unstakeAt = uint64(block.timestamp) + DELAY;
        vm.expectEmit(address(nodes));
        emit INodes.UnstakeRequested(node, 4, 4, unstakeAt);
        nodes.requestUnstake(4);
        assertNode(node, ENDPOINT, 6, 4, unstakeAt);

        vm.warp(unstakeAt - 1);
        vm.expectRevert(abi.encodeWithSelector(INodes.UnstakeTooEarly.selector, node, unstakeAt));
        nodes.unstake();

        vm.warp(unstakeAt);
        vm.expectEmit(address(nodes));
        emit INodes.Unstaked(node, 4);
        vm.assertEq(nodes.unstake(), 4);
        assertNode(node, ENDPOINT, 6, 0, 0);
        vm.assertEq(token.balanceOf(node), 1e15 - 6);

        vm.expectRevert(abi.encodeWithSelector(INodes.NothingToUnstake.selector, node));
        nodes.unstake();
        vm.stopPrank();
    }

    function test_requestUnstake_joinsAnEarlierRequestAndWaitsAnew() public {
        vm.startPrank(node);
        nodes.stake(10);
        uint64 start = uint64(block.timestamp);
        nodes.requestUnstake(4);
        vm.warp(start + DELAY - 1);
        nodes.requestUnstake(6);
        assertNode(node, ENDPOINT, 0, 10, start + 2 * DELAY - 1);
        vm.warp(start + DELAY);
        vm.expectRevert(abi.encodeWithSelector(INodes.UnstakeTooEarly.selector, node, start + 2 * DELAY - 1));
        nodes.unstake();
        vm.stopPrank();
    }

    function test_requestUnstake_refusesMoreThanTheStake() public {
        vm.startPrank(node);
        nodes.stake(10);
        vm.expectRevert(abi.encodeWithSelector(INodes.StakeTooSmall.selector, node, 10, 11));
        nodes.requestUnstake(11);
        nodes.requestUnstake(10);
        vm.expectRevert(abi.encodeWithSelector(INodes.StakeTooSmall.selector, node, 0, 1));
        nodes.requestUnstake(1);
        vm.stopPrank();
    }

    function test_unknownNodeIsEmpty() public view {
        assertNode(other, "", 0, 0, 0);
    }

    /// @dev Every cut of the list is what a loop over it gives.
    function testFuzz_page(uint8 size, uint256 offset, uint256 limit) public {
        size = size % 12;
        if (offset % 4 != 0) offset %= 14;
        if (limit % 4 != 0) limit %= 14;
        for (uint256 i = 1; i <= size; ++i) {
            vm.prank(address(uint160(i)));
            nodes.register("x");
        }
        address[] memory page = nodes.page(offset, limit);
        uint256 total = uint256(size) + 1;
        uint256 rest = offset < total ? total - offset : 0;
        vm.assertEq(page.length, limit < rest ? limit : rest);
        for (uint256 i = 0; i < page.length; ++i) {
            uint256 place = offset + i;
            vm.assertEq(page[i], place == 0 ? node : address(uint160(place)));
        }
    }

    function fund(address account) private {
        token.mint(account, 1e15);
        vm.prank(account);
        token.approve(address(nodes), type(uint256).max);
    }

    function deployWithDelay(uint64 delay) external {
        deployNodes(token, delay);
    }

    function expectDelayRefused(uint64 delay) private {
        try this.deployWithDelay(delay) {
            revert("deployed with a delay out of range");
        } catch (bytes memory reason) {
            vm.assertEq(
                reason,
                abi.encodeWithSelector(
                    INodes.UnstakeDelayOutOfRange.selector, delay, uint64(1), uint64(365 days)
                )
            );
        }
    }

    function assertNode(
        address account,
        string memory endpoint,
        uint96 staked,
        uint96 unstaking,
        uint64 unstakeAt
    ) private view {
        (string memory actualEndpoint, uint96 actualStaked, uint96 actualUnstaking, uint64 actualUnstakeAt) =
            nodes.node(account);
        vm.assertEq(actualEndpoint, endpoint);
        vm.assertEq(actualStaked, staked, "staked");
        vm.assertEq(actualUnstaking, unstaking, "unstaking");
        vm.assertEq(actualUnstakeAt, unstakeAt, "unstakeAt");
    }
}
