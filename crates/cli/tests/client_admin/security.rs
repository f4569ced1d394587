//! Access control, quotas, credentials and tokens; each as far as the broker serves it.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_client::ErrorCode;
use ottla_client::admin::{
    AclBinding, AclEntry, AclFilter, AclOperation, AclPermission, NewToken, PatternType, QuotaAlteration,
    QuotaEntity, QuotaMatch, ResourceType, ScramAlteration, ScramCredential, ScramMechanism,
};

use super::{Visit, eventually, name, only, served};

#[tokio::test(flavor = "multi_thread")]
async fn without_an_authorizer_access_control_says_that_there_is_none() {
    let visit = Visit::new().await;
    let disabled = Some(ErrorCode::SecurityDisabled);
    let described = visit.admin.describe_acls(&AclFilter::default()).await;
    if let Err(error) = &described
        && error.code().is_some()
    {
        assert_eq!(error.code(), disabled, "{error}");
    }
    let binding = AclBinding {
        resource_type: ResourceType::Topic,
        resource_name: "orders".into(),
        pattern_type: PatternType::Literal,
        entry: AclEntry {
            principal: "User:alice".into(),
            host: "*".into(),
            operation: AclOperation::Read,
            permission: AclPermission::Allow,
        },
    };
    if let Some(created) = served(visit.admin.create_acls(&[binding]).await) {
        assert_eq!(created[0].as_ref().unwrap_err().code(), disabled);
    }
    if let Some(deleted) = served(visit.admin.delete_acls(&[AclFilter::default()]).await) {
        assert_eq!(deleted[0].as_ref().unwrap_err().code(), disabled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_set_found_and_removed() {
    let visit = Visit::new().await;
    let user = name("alice");
    let entity: QuotaEntity = BTreeMap::from([("user".to_owned(), Some(user.clone()))]);
    let alteration = |value| {
        let values = BTreeMap::from([("producer_byte_rate".to_owned(), value)]);
        [QuotaAlteration { entity: entity.clone(), values }]
    };
    let Some(set) = served(visit.admin.alter_client_quotas(&alteration(Some(1e6)), false).await) else {
        return;
    };
    only(set).unwrap();
    let kinds = BTreeMap::from([("user".to_owned(), QuotaMatch::Exact(user))]);
    let found = async || visit.admin.describe_client_quotas(&kinds, true).await.unwrap();
    let values = BTreeMap::from([("producer_byte_rate".to_owned(), 1e6)]);
    let set = BTreeMap::from([(entity.clone(), values)]);
    eventually("it is set", async || found().await == set);
    only(visit.admin.alter_client_quotas(&alteration(None), false).await.unwrap()).unwrap();
    eventually("it is removed", async || found().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_set_told_without_what_is_secret_and_deleted() {
    let visit = Visit::new().await;
    let user = name("alice");
    let credential = ScramCredential::new(ScramMechanism::Sha256, 4_096);
    let upsert = ScramAlteration::Upsert {
        user: user.as_str().into(),
        credential,
        salt: Bytes::from_static(b"a grain of salt"),
        salted_password: Bytes::from_static(&[7; 32]),
    };
    assert!(!format!("{upsert:?}").contains("grain"));
    let Some(set) = served(visit.admin.alter_user_scram_credentials(&[upsert]).await) else { return };
    only(set).unwrap();
    let told = async || only(visit.admin.describe_user_scram_credentials(Some(&[&user])).await.unwrap());
    eventually("it is set", async || told().await.is_ok_and(|told| told == [credential]));
    let delete = ScramAlteration::Delete { user: user.as_str().into(), mechanism: ScramMechanism::Sha256 };
    only(visit.admin.alter_user_scram_credentials(&[delete]).await.unwrap()).unwrap();
    let is_missing = |error: ottla_client::Error| error.code() == Some(ErrorCode::ResourceNotFound);
    eventually("it is deleted", async || told().await.is_err_and(is_missing));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_refused_to_those_who_have_not_authenticated() {
    let visit = Visit::new().await;
    let refused = visit.admin.create_delegation_token(&NewToken::default()).await.unwrap_err();
    let not_allowed = [ErrorCode::DelegationTokenRequestNotAllowed, ErrorCode::DelegationTokenAuthDisabled];
    assert!(
        refused.code().is_some_and(|code| not_allowed.contains(&code))
            || served::<()>(Err(refused.clone())).is_none(),
        "{refused}"
    );
    for error in [
        visit.admin.renew_delegation_token(&Bytes::from_static(b"hmac"), None).await.unwrap_err(),
        visit.admin.expire_delegation_token(&Bytes::from_static(b"hmac"), None).await.unwrap_err(),
        visit.admin.describe_delegation_tokens(None).await.unwrap_err(),
    ] {
        assert!(error.code().is_some() || served::<()>(Err(error.clone())).is_none(), "{error}");
    }
}
