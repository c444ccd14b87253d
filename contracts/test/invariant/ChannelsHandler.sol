// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChannels} from "../../src/interfaces/IChannels.sol";
import {ChannelKey} from "../../src/types/ChannelKey.sol";
import {Voucher} from "../../src/types/Voucher.sol";
import {vm} from "../utils/Vm.sol";
import {IMintable, deployChannels, deployToken} from "../utils/deploy.sol";

/// @notice Two payers and two payees who do anything in any order, allowed or not. Beside them stands a model of
/// the rules: each step must succeed exactly when the model says so.
contract ChannelsHandler {
    struct Model {
        bool known;
        bool closed;
        uint256 deposit;
        uint256 claimed;
        uint256 withdrawableAt;
    }

    uint64 private constant DELAY = 100;
    uint256 private constant SALTS = 3;
    /// Deposits and vouchers are small, so that they often meet.
    uint256 private constant MAX_UNITS = 20;

    IMintable public token;
    IChannels public channels;
    uint256[2] private _payerKeys = [uint256(0xA1), 0xA2];
    address[2] private _payers = [vm.addr(0xA1), vm.addr(0xA2)];
    address[2] private _payees = [vm.addr(0xB1), vm.addr(0xB2)];

    ChannelKey[] private _keys;
    mapping(bytes32 id => Model) private _models;
    mapping(bytes32 id => IChannels.Claim[]) private _vouchers;

    /// The most that was ever signed on a channel.
    mapping(bytes32 id => uint256) public highest;

    uint256 private _now = 1_000_000;

    /// How many steps of each kind went through, so that a test can tell that the run did something.
    mapping(bytes4 selector => uint256) public done;

    constructor() {
        vm.warp(_now);
        token = deployToken(address(this));
        channels = deployChannels(token, DELAY);
        for (uint256 i = 0; i < 2; ++i) {
            address payer = _payers[i];
            token.mint(payer, 1e12);
            vm.prank(payer);
            token.approve(address(channels), type(uint256).max);
            for (uint256 j = 0; j < 2; ++j) {
                for (uint256 salt = 0; salt < SALTS; ++salt) {
                    _keys.push(ChannelKey(payer, _payees[j], bytes32(salt)));
                }
            }
        }
    }

    /* steps */

    function open(uint256 which, uint96 amount) external {
        (ChannelKey memory key, Model storage model) = pick(which);
        amount = units(amount);
        bool allowed = amount != 0 && !model.known;
        vm.prank(key.payer);
        try channels.open(key.payee, key.salt, amount) {
            expect(allowed, this.open.selector);
            model.known = true;
            model.deposit = amount;
        } catch {
            expect(!allowed, 0);
        }
    }

    function topUp(uint256 which, uint256 by, uint96 amount) external {
        (ChannelKey memory key, Model storage model) = pick(which);
        amount = units(amount);
        bool allowed = amount != 0 && model.known && !model.closed;
        vm.prank(_payers[by % 2]);
        try channels.topUp(key, amount) {
            expect(allowed, this.topUp.selector);
            model.deposit += amount;
        } catch {
            expect(!allowed, 0);
        }
    }

    function claim(uint256 which, uint96 amount) external {
        (ChannelKey memory key, Model storage model) = pick(which);
        IChannels.Claim memory voucher = signed(key, units(amount));
        uint256 due = dueOf(model, voucher.amount);
        try channels.claim(key.payee, voucher) returns (uint96 paid) {
            expect(due != 0 && paid == due, this.claim.selector);
            model.claimed += due;
        } catch {
            expect(due == 0, 0);
        }
    }

    /// @dev Everything that was ever signed for one payee, again and in the order of signing, with a forgery.
    function replayAll(uint256 whichPayee) external {
        address payee = _payees[whichPayee % 2];
        uint256 due = 0;
        uint256 count = 1;
        for (uint256 i = 0; i < _keys.length; ++i) {
            if (_keys[i].payee == payee) count += _vouchers[idOf(_keys[i])].length;
        }
        IChannels.Claim[] memory claims = new IChannels.Claim[](count);
        for (uint256 i = 0; i < _keys.length; ++i) {
            if (_keys[i].payee != payee) continue;
            bytes32 id = idOf(_keys[i]);
            Model storage model = _models[id];
            for (uint256 j = 0; j < _vouchers[id].length; ++j) {
                claims[--count] = _vouchers[id][_vouchers[id].length - 1 - j];
            }
            // In whichever order they come, together they pay what the highest pays.
            uint256 part = dueOf(model, highest[id]);
            model.claimed += part;
            due += part;
        }
        claims[0] = IChannels.Claim(_keys[0].payer, _keys[0].salt, 1e6, 0, bytes32(uint256(1)), 0);
        expect(channels.claimMany(payee, claims) == due, due == 0 ? bytes4(0) : this.replayAll.selector);
    }

    function requestWithdrawal(uint256 which) external {
        (ChannelKey memory key, Model storage model) = pick(which);
        bool allowed = model.known && !model.closed && model.withdrawableAt == 0;
        vm.prank(key.payer);
        try channels.requestWithdrawal(key.payee, key.salt) returns (uint64 withdrawableAt) {
            expect(allowed && withdrawableAt == _now + DELAY, this.requestWithdrawal.selector);
            model.withdrawableAt = withdrawableAt;
        } catch {
            expect(!allowed, 0);
        }
    }

    function withdraw(uint256 which) external {
        (ChannelKey memory key, Model storage model) = pick(which);
        bool allowed =
            model.known && !model.closed && model.withdrawableAt != 0 && _now >= model.withdrawableAt;
        vm.prank(key.payer);
        try channels.withdraw(key.payee, key.salt) returns (uint96 remainder) {
            expect(allowed && remainder == model.deposit - model.claimed, this.withdraw.selector);
            close(model);
        } catch {
            expect(!allowed, 0);
        }
    }

    function release(uint256 which, uint256 by) external {
        (ChannelKey memory key, Model storage model) = pick(which);
        // Seldom, and at times by the wrong hand: a released channel ends the story of its id.
        address caller = by % 8 == 0 ? key.payee : key.payer;
        bool allowed = caller == key.payee && model.known && !model.closed;
        vm.prank(caller);
        try channels.release(key) returns (uint96 remainder) {
            expect(allowed && remainder == model.deposit - model.claimed, this.release.selector);
            close(model);
        } catch {
            expect(!allowed, 0);
        }
    }

    function wait(uint256 time) external {
        _now += 1 + time % DELAY;
        vm.warp(_now);
    }

    /* what the invariants ask */

    function keys() external view returns (ChannelKey[] memory) {
        return _keys;
    }

    function modelOf(bytes32 id) external view returns (Model memory) {
        return _models[id];
    }

    function payees() external view returns (address[2] memory) {
        return _payees;
    }

    /* within */

    function pick(uint256 which) private view returns (ChannelKey memory key, Model storage model) {
        key = _keys[which % _keys.length];
        model = _models[idOf(key)];
    }

    function units(uint96 amount) private pure returns (uint96) {
        return uint96(amount % (MAX_UNITS + 1));
    }

    function idOf(ChannelKey memory key) private pure returns (bytes32) {
        return keccak256(abi.encode(key));
    }

    /// @dev What a claim of `amount` must pay.
    function dueOf(Model storage model, uint256 amount) private view returns (uint256) {
        if (!model.known || model.closed) return 0;
        uint256 covered = amount < model.deposit ? amount : model.deposit;
        return covered > model.claimed ? covered - model.claimed : 0;
    }

    function close(Model storage model) private {
        model.closed = true;
        model.deposit = model.claimed;
    }

    function signed(ChannelKey memory key, uint96 amount) private returns (IChannels.Claim memory voucher) {
        bytes32 id = idOf(key);
        bytes32 root = keccak256(abi.encode(id, _vouchers[id].length));
        uint256 signer = key.payer == _payers[0] ? _payerKeys[0] : _payerKeys[1];
        (bytes32 r, bytes32 vs) = vm.signCompact(signer, channels.voucherDigest(Voucher(id, amount, root)));
        voucher = IChannels.Claim(key.payer, key.salt, amount, root, r, vs);
        _vouchers[id].push(voucher);
        if (amount > highest[id]) highest[id] = amount;
    }

    /// @dev A step that went as the model said; counted under `selector` unless that is zero.
    function expect(bool asModelled, bytes4 selector) private {
        vm.assertTrue(asModelled, "the contract and the model disagree");
        if (selector != 0) ++done[selector];
    }
}
