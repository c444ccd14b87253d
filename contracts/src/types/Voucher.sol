// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The payer's word, signed as EIP-712 typed data: "of this channel `amount` in total belongs to the
/// payee, for the work under `receiptsRoot`". Cumulative, so that only the newest one matters.
struct Voucher {
    bytes32 channelId;
    uint96 amount;
    bytes32 receiptsRoot;
}

bytes32 constant VOUCHER_TYPE_HASH =
    keccak256("Voucher(bytes32 channelId,uint96 amount,bytes32 receiptsRoot)");

/// @notice The EIP-712 `hashStruct` of a voucher.
/// @dev By hand, since abi.encode keeps a copy in memory, which a batch of claims would pay for.
function hashVoucher(bytes32 channelId, uint96 amount, bytes32 receiptsRoot)
    pure
    returns (bytes32 structHash)
{
    bytes32 typeHash = VOUCHER_TYPE_HASH;
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, typeHash)
        mstore(add(free, 0x20), channelId)
        mstore(add(free, 0x40), amount)
        mstore(add(free, 0x60), receiptsRoot)
        structHash := keccak256(free, 0x80)
    }
}
