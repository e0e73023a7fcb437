package drivers;

import de.captaingoldfish.scim.sdk.client.ScimClientConfig;
import de.captaingoldfish.scim.sdk.client.ScimRequestBuilder;
import de.captaingoldfish.scim.sdk.client.response.ServerResponse;
import de.captaingoldfish.scim.sdk.common.constants.EndpointPaths;
import de.captaingoldfish.scim.sdk.common.constants.enums.PatchOp;
import de.captaingoldfish.scim.sdk.common.resources.Group;
import de.captaingoldfish.scim.sdk.common.resources.User;
import de.captaingoldfish.scim.sdk.common.resources.base.ScimObjectNode;
import de.captaingoldfish.scim.sdk.common.resources.complex.Name;
import de.captaingoldfish.scim.sdk.common.resources.multicomplex.Email;
import de.captaingoldfish.scim.sdk.common.resources.multicomplex.Member;
import de.captaingoldfish.scim.sdk.common.response.ListResponse;
import java.util.List;
import java.util.Map;

/** Captain-P-Goldfish's SCIM-SDK, by Apache HttpClient: the life of a user and of a group. */
public final class CaptainGoldfish {
    private CaptainGoldfish() {
    }

    public static void main(String[] arguments) {
        Life.run("Captain-P-Goldfish SCIM-SDK", () -> live(arguments[0], arguments[1]));
    }

    private static void live(String url, String token) {
        ScimClientConfig config = ScimClientConfig.builder()
                .connectTimeout(10).requestTimeout(30).socketTimeout(30)
                .httpHeaders(Map.of("Authorization", "Bearer " + token)).build();
        ScimRequestBuilder scim = new ScimRequestBuilder(url, config);
        Life.equal("PATCH is announced", true,
                scim.loadServiceProviderConfiguration().getPatchConfig().isSupported());

        User made = sent("user is created", 201, scim.create(User.class, EndpointPaths.USERS)
                .setResource(user()).sendRequest());
        String key = made.getId().orElseThrow();
        Life.equal("user is active", true, made.isActive().orElseThrow());
        User read = sent("user is read", 200,
                scim.get(User.class, EndpointPaths.USERS, key).sendRequest());
        Life.equal("user reads back", "gold@example.com", read.getUserName().orElseThrow());
        ListResponse<User> page = sent("users are listed", 200,
                scim.list(User.class, EndpointPaths.USERS)
                        .filter("userName eq \"gold@example.com\"").get().sendRequest());
        Life.equal("user is found", key,
                page.getListedResources().get(0).getId().orElseThrow());
        Life.equal("user is not created twice", 409,
                scim.create(User.class, EndpointPaths.USERS).setResource(user()).sendRequest()
                        .getHttpStatus());

        read.setTitle("Captain");
        User replaced = sent("user is replaced", 200,
                scim.update(User.class, EndpointPaths.USERS, key).setResource(read).sendRequest());
        Life.equal("title reads back", "Captain", replaced.getTitle().orElseThrow());
        for (String active : List.of("false", "true")) {
            User patched = sent("active is patched", 200,
                    scim.patch(User.class, EndpointPaths.USERS, key).addOperation()
                            .op(PatchOp.REPLACE).path("active").value(active).build()
                            .sendRequest());
            Life.equal("user is active: " + active, Boolean.valueOf(active),
                    patched.isActive().orElseThrow());
        }

        Group team = sent("group is created", 201, scim.create(Group.class, EndpointPaths.GROUPS)
                .setResource(Group.builder().displayName("Goldfish team").build()).sendRequest());
        String group = team.getId().orElseThrow();
        sent("member is added", 200, scim.patch(Group.class, EndpointPaths.GROUPS, group)
                .addOperation().op(PatchOp.ADD).path("members")
                .valueNode(Member.builder().value(key).build()).build().sendRequest());
        Group full = sent("group is read", 200,
                scim.get(Group.class, EndpointPaths.GROUPS, group).sendRequest());
        Life.equal("member reads back", key, full.getMembers().get(0).getValue().orElseThrow());
        sent("member is removed", 200, scim.patch(Group.class, EndpointPaths.GROUPS, group)
                .addOperation().op(PatchOp.REMOVE).path("members[value eq \"" + key + "\"]")
                .build().sendRequest());
        Life.equal("group is empty", true, sent("group is read", 200,
                scim.get(Group.class, EndpointPaths.GROUPS, group).sendRequest())
                .getMembers().isEmpty());
        Group renamed = sent("group is patched", 200,
                scim.patch(Group.class, EndpointPaths.GROUPS, group).addOperation()
                        .op(PatchOp.REPLACE).path("displayName").value("Goldfish crew").build()
                        .sendRequest());
        Life.equal("group is renamed", "Goldfish crew", renamed.getDisplayName().orElseThrow());

        Life.equal("group is deleted", 204,
                scim.delete(Group.class, EndpointPaths.GROUPS, group).sendRequest()
                        .getHttpStatus());
        Life.equal("user is deleted", 204,
                scim.delete(User.class, EndpointPaths.USERS, key).sendRequest().getHttpStatus());
        Life.equal("user is gone", 404,
                scim.get(User.class, EndpointPaths.USERS, key).sendRequest().getHttpStatus());
    }

    /** The resource of an answer with this status that the library takes for valid. */
    private static <T extends ScimObjectNode> T sent(
            String step, int status, ServerResponse<T> answer) {
        Life.equal(step, status + " true", answer.getHttpStatus() + " " + answer.isSuccess()
                + (answer.isSuccess() ? "" : ": " + answer.getResponseBody()));
        return answer.getResource();
    }

    private static User user() {
        return User.builder().userName("gold@example.com").active(true)
                .name(Name.builder().givenName("Gold").familyName("Fish").build())
                .emails(List.of(Email.builder()
                        .value("gold@example.com").type("work").primary(true).build()))
                .build();
    }
}
