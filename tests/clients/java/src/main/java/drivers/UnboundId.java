package drivers;

import com.unboundid.scim2.client.ScimService;
import com.unboundid.scim2.common.exceptions.ResourceConflictException;
import com.unboundid.scim2.common.filters.Filter;
import com.unboundid.scim2.common.messages.ListResponse;
import com.unboundid.scim2.common.types.Email;
import com.unboundid.scim2.common.types.GroupResource;
import com.unboundid.scim2.common.types.Member;
import com.unboundid.scim2.common.types.Name;
import com.unboundid.scim2.common.types.UserResource;
import jakarta.ws.rs.client.ClientBuilder;
import jakarta.ws.rs.client.ClientRequestFilter;
import java.util.List;
import org.glassfish.jersey.apache5.connector.Apache5ConnectorProvider;
import org.glassfish.jersey.client.ClientConfig;

/** UnboundID's SCIM 2 SDK: the life of a user and of a group. */
public final class UnboundId {
    private UnboundId() {
    }

    public static void main(String[] arguments) {
        Life.run("UnboundID SCIM 2 SDK", () -> live(arguments[0], arguments[1]));
    }

    private static void live(String url, String token) throws Exception {
        ClientConfig config = new ClientConfig().connectorProvider(new Apache5ConnectorProvider());
        ClientRequestFilter signIn =
                request -> request.getHeaders().putSingle("Authorization", "Bearer " + token);
        ScimService scim = new ScimService(
                ClientBuilder.newClient(config).register(signIn).target(url));

        Life.equal("PATCH is announced", true,
                scim.getServiceProviderConfig().getPatch().isSupported());
        Life.equal("resource types", true, scim.getResourceTypes().getTotalResults() >= 2);
        Life.equal("schemas", true, scim.getSchemas().getTotalResults() >= 2);

        UserResource wanted = user();
        UserResource ada = scim.create("Users", wanted);
        Life.equal("user is created", "una@example.com", ada.getUserName());
        Life.equal("user is active", true, ada.getActive());
        String key = ada.getId();
        UserResource read = scim.retrieve("Users", key, UserResource.class);
        Life.equal("user is read", ada, read);
        Life.equal("locale reads back", "en-AU", read.getLocale());
        ListResponse<UserResource> page = scim.search(
                "Users", Filter.eq("userName", "UNA@example.com").toString(), UserResource.class);
        Life.equal("user is found", key, page.getResources().get(0).getId());
        Life.equal("nobody else is found", 1, page.getTotalResults());
        Life.refused("user is not created twice", () -> {
            try {
                scim.create("Users", user());
            } catch (ResourceConflictException conflict) {
                Life.equal("conflict is told", "uniqueness",
                        conflict.getScimError().getScimType());
                throw conflict;
            }
        });

        read.setTitle("Countess");
        read.getName().setFamilyName("Lovelace");
        UserResource replaced = scim.replace(read);
        Life.equal("user is replaced", "Lovelace", replaced.getName().getFamilyName());
        Life.equal("title is kept", "Countess", replaced.getTitle());
        UserResource patched = scim.modifyRequest("Users", key)
                .replaceValue("title", "Lady").replaceValue("name.givenName", "Augusta")
                .invoke(UserResource.class);
        Life.equal("user is patched", "Lady Augusta",
                patched.getTitle() + " " + patched.getName().getGivenName());
        Life.equal("title is removed", null, scim.modifyRequest("Users", key)
                .removeValues("title").invoke(UserResource.class).getTitle());
        Life.equal("user is deactivated", false, scim.modifyRequest("Users", key)
                .replaceValue("active", false).invoke(UserResource.class).getActive());
        Life.equal("user is activated", true, scim.modifyRequest("Users", key)
                .replaceValue("active", true).invoke(UserResource.class).getActive());

        GroupResource team = scim.create(
                "Groups", new GroupResource().setDisplayName("UnboundID team"));
        Life.equal("group is created", "UnboundID team", team.getDisplayName());
        String group = team.getId();
        scim.modifyRequest("Groups", group)
                .addValues("members", new Member().setValue(key)).invoke(GroupResource.class);
        Life.equal("member is added", key, scim.retrieve("Groups", group, GroupResource.class)
                .getMembers().get(0).getValue());
        Life.equal("user is in the group", group,
                scim.retrieve("Users", key, UserResource.class).getGroups().get(0).getValue());
        scim.modifyRequest("Groups", group)
                .removeValues("members[value eq \"" + key + "\"]").invoke(GroupResource.class);
        List<Member> left = scim.retrieve("Groups", group, GroupResource.class).getMembers();
        Life.equal("member is removed", true, left == null || left.isEmpty());
        Life.equal("group is renamed", "UnboundID crew", scim.modifyRequest("Groups", group)
                .replaceValue("displayName", "UnboundID crew").invoke(GroupResource.class)
                .getDisplayName());
        scim.delete("Groups", group);
        Life.refused("group is gone", () -> scim.retrieve("Groups", group, GroupResource.class));

        scim.delete("Users", key);
        Life.refused("user is gone", () -> scim.retrieve("Users", key, UserResource.class));
    }

    private static UserResource user() {
        return new UserResource()
                .setUserName("una@example.com")
                .setActive(true)
                .setLocale("en-AU")
                .setName(new Name().setGivenName("Una").setFamilyName("King"))
                .setEmails(List.of(new Email()
                        .setValue("una@example.com").setType("work").setPrimary(true)));
    }
}
