package drivers;

import java.util.Objects;

/** The steps of a driver: each prints a line, and the first that is wrong ends the process. */
final class Life {
    private Life() {
    }

    static void run(String library, Steps steps) {
        try {
            steps.run();
        } catch (Throwable wrong) {
            System.out.println("WRONG " + library + ": " + wrong);
            wrong.printStackTrace(System.out);
            System.out.flush();
            Runtime.getRuntime().halt(1);
        }
        System.out.println("done " + library);
        System.out.flush();
        // A library may leave threads behind.
        Runtime.getRuntime().halt(0);
    }

    static void equal(String step, Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError(step + ": expected " + expected + ", got " + actual);
        }
        System.out.println("ok " + step);
    }

    static void refused(String step, Steps steps) {
        try {
            steps.run();
        } catch (Exception refusal) {
            System.out.println("ok " + step + ": " + refusal.getClass().getSimpleName());
            return;
        }
        throw new AssertionError(step + ": was not refused");
    }

    interface Steps {
        void run() throws Exception;
    }
}
