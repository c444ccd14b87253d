// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice Calls back in the middle of a transfer, before or after the balances move, once.
contract CallbackToken is ERC20("Callback", "CALL") {
    address private _target;
    bytes private _data;
    bool private _before;

    /// Whether the call back went through.
    bool public succeeded;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address target, bytes calldata data, bool before) external {
        (_target, _data, _before) = (target, data, before);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (_before) _callBack();
        super._update(from, to, amount);
        if (!_before) _callBack();
    }

    function _callBack() private {
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        (succeeded,) = target.call(_data);
    }
}
