package drivers;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import net.tirasa.connid.bundles.scim.common.SCIMConnectorConfiguration;
import net.tirasa.connid.bundles.scim.v2.SCIMv2Connector;
import org.identityconnectors.common.security.GuardedString;
import org.identityconnectors.framework.api.APIConfiguration;
import org.identityconnectors.framework.api.ConnectorFacade;
import org.identityconnectors.framework.api.ConnectorFacadeFactory;
import org.identityconnectors.framework.common.objects.Attribute;
import org.identityconnectors.framework.common.objects.AttributeBuilder;
import org.identityconnectors.framework.common.objects.AttributeDelta;
import org.identityconnectors.framework.common.objects.AttributeDeltaBuilder;
import org.identityconnectors.framework.common.objects.AttributeUtil;
import org.identityconnectors.framework.common.objects.ConnectorObject;
import org.identityconnectors.framework.common.objects.ObjectClass;
import org.identityconnectors.framework.common.objects.OperationOptions;
import org.identityconnectors.framework.common.objects.OperationOptionsBuilder;
import org.identityconnectors.framework.common.objects.Uid;
import org.identityconnectors.framework.common.objects.filter.FilterBuilder;
import org.identityconnectors.test.common.TestHelpers;

/** The ConnId SCIM bundle of Apache Syncope, by Apache CXF: the life of a user and of a group. */
public final class ConnId {
    private static final OperationOptions WANTED = new OperationOptionsBuilder().setAttributesToGet(
            "userName", "active", "title", "name.familyName", "groups", "displayName", "members",
            "emails.work.value").build();

    private ConnId() {
    }

    public static void main(String[] arguments) {
        System.setProperty("org.identityconnectors.common.logging.class",
                "org.identityconnectors.common.logging.impl.NoOpLogger");
        Life.run("ConnId SCIM bundle, " + arguments[2],
                () -> live(arguments[0], arguments[1], arguments[2]));
    }

    /** The method is that of its configuration for users, PUT or PATCH. Groups are patched: the
     * bundle sends no empty list, so that its PUT cannot take out the last member. */
    private static void live(String url, String token, String method) {
        SCIMConnectorConfiguration configuration = new SCIMConnectorConfiguration();
        configuration.setBaseAddress(url + "/");
        configuration.setBearerToken(token);
        configuration.setAccept("application/scim+json");
        configuration.setContentType("application/scim+json");
        configuration.setUpdateUserMethod(method);
        configuration.setUpdateGroupMethod("PATCH");
        APIConfiguration api =
                TestHelpers.createTestConfiguration(SCIMv2Connector.class, configuration);
        ConnectorFacade connector = ConnectorFacadeFactory.getInstance().newInstance(api);

        connector.test();
        Life.equal("connection is tested", true, true);

        String name = "connid." + method.toLowerCase() + "@example.com";
        Uid user = connector.create(ObjectClass.ACCOUNT, Set.of(
                AttributeBuilder.build("userName", name),
                AttributeBuilder.build("name.givenName", "Connie"),
                AttributeBuilder.build("name.familyName", "King"),
                AttributeBuilder.build("emails.work.value", name),
                AttributeBuilder.build("emails.work.primary", true),
                AttributeBuilder.buildEnabled(true),
                AttributeBuilder.buildPassword(new GuardedString("secret-1".toCharArray()))),
                null);
        Life.equal("user is created and read", name, text(read(connector, user), "userName"));
        Life.equal("user is active", true, flag(read(connector, user), "active"));
        List<ConnectorObject> found = new ArrayList<>();
        connector.search(ObjectClass.ACCOUNT,
                FilterBuilder.equalTo(AttributeBuilder.build("userName", name)), found::add, WANTED);
        Life.equal("user is found", user.getUidValue(), found.get(0).getUid().getUidValue());
        Life.refused("user is not created twice", () -> connector.create(ObjectClass.ACCOUNT,
                Set.of(AttributeBuilder.build("userName", name),
                        AttributeBuilder.build("emails.work.value", name)), null));

        change(connector, user, method, name, AttributeBuilder.build("title", "Countess"));
        Life.equal("title is set", "Countess", text(read(connector, user), "title"));
        change(connector, user, method, name, enabled(method, false));
        Life.equal("user is deactivated", false, flag(read(connector, user), "active"));
        change(connector, user, method, name, enabled(method, true));
        Life.equal("user is activated", true, flag(read(connector, user), "active"));

        String title = "ConnId team, " + method;
        Uid group = connector.create(ObjectClass.GROUP,
                Set.of(AttributeBuilder.build("displayName", title)), null);
        Life.equal("group is created", title, connector.getObject(
                ObjectClass.GROUP, group, WANTED).getName().getNameValue());
        member(connector, group, user, method, name, true);
        Life.equal("member is added", List.of(group.getUidValue()),
                values(read(connector, user), "groups"));
        member(connector, group, user, method, name, false);
        Life.equal("member is removed", List.of(), values(read(connector, user), "groups"));
        connector.update(ObjectClass.GROUP, group,
                Set.of(AttributeBuilder.build("displayName", title + " 2")), null);
        Life.equal("group is renamed", title + " 2", connector.getObject(
                ObjectClass.GROUP, group, WANTED).getName().getNameValue());

        connector.delete(ObjectClass.GROUP, group, null);
        Life.equal("group is gone", true, gone(connector, ObjectClass.GROUP, group));
        connector.delete(ObjectClass.ACCOUNT, user, null);
        Life.equal("user is gone", true, gone(connector, ObjectClass.ACCOUNT, user));
    }

    private static void change(
            ConnectorFacade connector, Uid user, String method, String name, Attribute attribute) {
        if (method.equals("PATCH")) {
            AttributeDelta delta = AttributeDeltaBuilder.build(
                    attribute.getName(), attribute.getValue());
            connector.updateDelta(ObjectClass.ACCOUNT, user, Set.of(delta), null);
        } else {
            connector.update(ObjectClass.ACCOUNT, user, Set.of(
                    AttributeBuilder.build("userName", name),
                    AttributeBuilder.build("emails.work.value", name), attribute), null);
        }
    }

    /** By the members of the group, or by the groups of the user, from which it makes PATCHes. */
    private static void member(
            ConnectorFacade connector, Uid group, Uid user, String method, String name,
            boolean isIn) {
        if (method.equals("PATCH")) {
            List<String> keys = List.of(user.getUidValue());
            AttributeDelta delta = isIn
                    ? AttributeDeltaBuilder.build("members", keys, null)
                    : AttributeDeltaBuilder.build("members", null, keys);
            connector.updateDelta(ObjectClass.GROUP, group, Set.of(delta), null);
        } else {
            List<String> keys = isIn ? List.of(group.getUidValue()) : List.of();
            change(connector, user, method, name, AttributeBuilder.build("groups", keys));
        }
    }

    /** In a PATCH the bundle sends the name of ConnId's own switch as the path. */
    private static Attribute enabled(String method, boolean isEnabled) {
        return method.equals("PATCH")
                ? AttributeBuilder.build("active", isEnabled)
                : AttributeBuilder.buildEnabled(isEnabled);
    }

    private static ConnectorObject read(ConnectorFacade connector, Uid user) {
        return connector.getObject(ObjectClass.ACCOUNT, user, WANTED);
    }

    private static boolean gone(ConnectorFacade connector, ObjectClass kind, Uid uid) {
        try {
            return connector.getObject(kind, uid, WANTED) == null;
        } catch (RuntimeException refusal) {
            return true;
        }
    }

    private static String text(ConnectorObject object, String name) {
        return AttributeUtil.getAsStringValue(object.getAttributeByName(name));
    }

    private static Boolean flag(ConnectorObject object, String name) {
        return Boolean.valueOf(text(object, name));
    }

    private static List<Object> values(ConnectorObject object, String name) {
        Attribute attribute = object.getAttributeByName(name);
        return attribute == null ? List.of() : attribute.getValue();
    }
}
