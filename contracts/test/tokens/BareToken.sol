// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice As some old tokens: its functions return nothing. While `mute`, they return false instead.
contract BareToken {
    mapping(address account => uint256) public balanceOf;
    bool private _mute;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function mute(bool on) external {
        _mute = on;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        if (_mute) {
            assembly ("memory-safe") {
                mstore(0, 0)
                return(0, 0x20)
            }
        }
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
