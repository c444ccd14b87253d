// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title The dollar of a local chain
/// @notice Stands where a dollar stablecoin stands in production: ERC-20 with Permit (ERC-2612) and six
/// decimals. Its owner mints as much as it likes, so it is worth nothing anywhere else.
contract TestToken is ERC20, ERC20Permit, Ownable {
    constructor(address owner)
        ERC20("Lichen Test Dollar", "LTD")
        ERC20Permit("Lichen Test Dollar")
        Ownable(owner)
    {}

    /// @notice Makes `amount` units (millionths of a dollar) for `to`. Owner only.
    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
