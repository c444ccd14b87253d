// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What names a payment channel. The chain stores only its hash: whoever acts on a channel sends the
/// key along, so that the state of a channel fits one storage slot.
struct ChannelKey {
    /// Who deposits and signs vouchers.
    address payer;
    /// Who is paid; nobody else ever is, except the payer for what is left.
    address payee;
    /// Tells channels between the same two apart; chosen by the payer, used once.
    bytes32 salt;
}

/// @notice `keccak256(abi.encode(payer, payee, salt))`.
/// @dev By hand, since abi.encode keeps a copy in memory, which a batch of claims would pay for.
function toChannelId(address payer, address payee, bytes32 salt) pure returns (bytes32 id) {
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, payer)
        mstore(add(free, 0x20), payee)
        mstore(add(free, 0x40), salt)
        id := keccak256(free, 0x60)
    }
}
