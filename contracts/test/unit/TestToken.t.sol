// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../../src/TestToken.sol";
import {vm} from "../utils/Vm.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

contract TestTokenTest {
    TestToken private token = new TestToken(address(this));

    function test_names() public view {
        vm.assertEq(token.name(), "Lichen Test Dollar");
        vm.assertEq(token.symbol(), "LTD");
        vm.assertEq(token.decimals(), 6);
    }

    function test_mint_isTheOwnersAlone() public {
        address stranger = vm.addr(1);
        token.mint(stranger, 5);
        vm.assertEq(token.balanceOf(stranger), 5);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        token.mint(stranger, 5);
    }

    function test_permit_approvesBySignature() public {
        address owner = vm.addr(2);
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, owner, address(this), 7, 0, block.timestamp));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(2, digest);
        token.permit(owner, address(this), 7, block.timestamp, v, r, s);
        vm.assertEq(token.allowance(owner, address(this)), 7);
    }
}
