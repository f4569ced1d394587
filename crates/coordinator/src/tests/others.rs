//! Groups of protocols that are not served, as a data directory of Kafka may hold them.

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    ErrorCode, encode_key, encode_value,
    messages::{
        ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue, ConsumerGroupMetadataKey,
        ConsumerGroupMetadataValue, ListGroupsRequest, ShareGroupMetadataKey, ShareGroupMetadataValue,
    },
};

use super::harness::{Bench, GROUP, Join, commit, config, fetch};

fn group_key() -> Bytes {
    encode_key(&ConsumerGroupMetadataKey { group_id: GROUP.into() })
}

fn member_key() -> Bytes {
    encode_key(&ConsumerGroupMemberMetadataKey { group_id: GROUP.into(), member_id: "m".into() })
}

/// A consumer group with a committed offset, and a member if it is told so.
fn consumer_group(with_member: bool) -> Bench {
    let mut bench = Bench::new(config());
    bench.commit("", -1, 5);
    let group = encode_value(&ConsumerGroupMetadataValue::default(), 0);
    bench.shard.replay(1, -1, &group_key(), Some(&group)).unwrap();
    if with_member {
        let member = encode_value(&ConsumerGroupMemberMetadataValue::default(), 0);
        bench.shard.replay(2, -1, &member_key(), Some(&member)).unwrap();
    }
    bench
}

#[test]
fn they_are_listed_but_are_no_classic_groups() {
    for (with_member, state) in [(true, "Stable"), (false, "Empty")] {
        let bench = consumer_group(with_member);
        let listed = &bench.shard.list_groups(&ListGroupsRequest::default())[0];
        assert_eq!((&*listed.group_type, &*listed.protocol_type), ("consumer", "consumer"));
        assert_eq!(&*listed.group_state, state);
        let described = bench.shard.describe_group(&GROUP.into(), 6);
        assert_eq!(described.error_message.as_deref(), Some("Group g is not a classic group."));
    }
}

#[test]
fn while_they_have_members_nobody_else_touches_them() {
    let mut bench = consumer_group(true);
    assert_eq!(bench.join_error(&Join::new("")), ErrorCode::InconsistentGroupProtocol);
    assert_eq!(bench.beat("m", 1), ErrorCode::UnknownMemberId);
    assert_eq!(bench.commit("", -1, 9), ErrorCode::UnknownMemberId);
    assert_eq!(bench.delete_group(GROUP), ErrorCode::NonEmptyGroup);
    assert_eq!(bench.committed(), 5);
    bench.pass(30 * 24 * 3_600_000);
    assert_eq!(bench.committed(), 5, "their offsets do not expire");
    assert_eq!(bench.log.len(), 1, "nothing is written for them");
}

#[test]
fn an_empty_one_becomes_classic_when_a_classic_member_joins() {
    let mut bench = consumer_group(false);
    assert_eq!(bench.commit("", -1, 6), ErrorCode::None);
    let joined = bench.join(&Join::at_once());
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    assert_eq!((bench.log[2].key.clone(), bench.log[2].value.clone()), (group_key(), None));
    assert_eq!(bench.committed(), 6);

    let mut again = Bench::unloaded(config());
    for (offset, record) in (0..).zip(&bench.log) {
        again.shard.replay(offset, -1, &record.key, record.value.as_ref()).unwrap();
    }
    assert_eq!(again.state(), "Empty");
}

#[test]
fn if_that_cannot_be_written_it_remains_what_it_was() {
    let mut bench = consumer_group(false);
    bench.append_error = Some(ErrorCode::NotEnoughReplicas);
    let ticket = bench.start_join(&Join::at_once());
    assert_eq!(bench.joined(ticket).error_code, ErrorCode::CoordinatorNotAvailable.code());
    assert_eq!(&*bench.shard.list_groups(&ListGroupsRequest::default())[0].group_type, "consumer");
}

#[test]
fn an_empty_one_is_deleted_with_all_its_records_the_group_last() {
    let mut bench = consumer_group(true);
    bench.shard.replay(3, -1, &member_key(), None).unwrap();
    assert_eq!(bench.delete_group(GROUP), ErrorCode::None);
    assert_eq!(bench.log.last().map(|record| record.key.clone()), Some(group_key()));
    assert_eq!(bench.shard.groups().count(), 0);
    assert_eq!(bench.fetch(&fetch(GROUP, None), false), []);
}

#[test]
fn share_groups_have_no_committed_offsets() {
    let mut bench = Bench::new(config());
    let key = encode_key(&ShareGroupMetadataKey { group_id: GROUP.into() });
    let value = encode_value(&ShareGroupMetadataValue::default(), 0);
    bench.shard.replay(0, -1, &key, Some(&value)).unwrap();
    assert_eq!(bench.commit("", -1, 1), ErrorCode::GroupIdNotFound);
    assert_eq!(bench.committed(), -1);
    assert_eq!(bench.delete_group(GROUP), ErrorCode::UnsupportedVersion);
    assert_eq!(bench.join_error(&Join::new("")), ErrorCode::InconsistentGroupProtocol);
    bench.shard.replay(1, -1, &key, None).unwrap();
    assert_eq!(bench.commit("", -1, 1), ErrorCode::None);
}

#[test]
fn records_of_types_that_nobody_knows_are_skipped_and_damaged_ones_reported() {
    let mut bench = Bench::new(config());
    let value = Bytes::from_static(b"\0\0");
    bench.shard.replay(0, -1, &Bytes::from_static(b"\x7f\0what"), Some(&value)).unwrap();
    for (key, value) in [
        (&b""[..], None),
        (b"\0\x01\0\x05ab", None),
        (b"\0\x02\0\x01g", Some(&b"\0\x63"[..])),
        (b"\0\x02\0\x01g", Some(b"\0\x03\0\x7f")),
        (b"\0\x05\x7f", Some(b"\0\0")),
    ] {
        let (key, value) = (Bytes::copy_from_slice(key), value.map(Bytes::copy_from_slice));
        let error = bench.shard.replay(17, -1, &key, value.as_ref()).unwrap_err();
        assert!(error.to_string().contains("at offset 17"), "{error}");
    }
    assert_eq!(bench.shard.groups().count(), 0);
}

#[test]
fn filters_find_them_by_type() {
    let mut bench = consumer_group(false);
    bench.commit_errors(&commit("simple", "", -1, &[("t", 0, 1)]), 9);
    for (filter, expected) in [("consumer", GROUP), ("CLASSIC", "simple")] {
        let request =
            ListGroupsRequest { types_filter: vec![ByteString::from(filter)], ..Default::default() };
        let listed: Vec<_> =
            bench.shard.list_groups(&request).into_iter().map(|group| group.group_id).collect();
        assert_eq!(listed, [expected]);
    }
}
