package io.bellfounder.server;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who may import whom, as ARCHITECTURE.md has it. The build's own module borders stand beside. */
final class HouseTest {
  private static final String SERVER = "io.bellfounder.server.";

  /** What every feature stands on. */
  private static final List<String> FOUNDATION =
      List.of("config", "launch", "operation", "tenant", "api");

  /** A feature and the features it may import. {@code console} may import all, and nobody it. */
  private static final Map<String, List<String>> FEATURES =
      Map.of(
          "audit", List.of(),
          "identity", List.of("audit"),
          "teams", List.of("identity", "audit"),
          "billing", List.of("teams", "audit"),
          "dataplane", List.of("identity", "teams", "billing", "audit"),
          "agents", List.of("dataplane", "teams", "billing", "audit"),
          "workspace", List.of("agents", "dataplane", "teams", "audit"),
          "journey", List.of("agents", "dataplane", "teams", "audit"),
          "console",
              List.of(
                  "audit",
                  "identity",
                  "teams",
                  "billing",
                  "dataplane",
                  "agents",
                  "workspace",
                  "journey"));

  private static final JavaClasses CODE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.bellfounder");

  @Test
  void features_import_only_what_the_house_plan_allows() {
    FEATURES.forEach((feature, allowed) -> {
      List<String> forbidden =
          FEATURES.keySet().stream()
              .filter(other -> !other.equals(feature) && !allowed.contains(other))
              .map(other -> SERVER + other + "..")
              .toList();
      noClasses()
          .that()
          .resideInAPackage(SERVER + feature + "..")
          .should()
          .dependOnClassesThat(resideInAnyPackage(forbidden.toArray(String[]::new)))
          .allowEmptyShould(true)
          .check(CODE);
    });
  }

  @Test
  void the_foundation_imports_no_feature() {
    for (String part : FOUNDATION) {
      noClasses()
          .that()
          .resideInAPackage(SERVER + part + "..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  FEATURES.keySet().stream()
                      .map(feature -> SERVER + feature + "..")
                      .toArray(String[]::new)))
          .check(CODE);
    }
  }

  @Test
  void libraries_know_neither_spring_nor_the_server() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.bellfounder.server..")
        .should()
        .dependOnClassesThat(resideInAnyPackage("org.springframework..", "io.bellfounder.server.."))
        .check(CODE);
  }

  @Test
  void the_wire_and_the_postgres_modules_stand_alone() {
    for (String library : List.of("wire", "postgres")) {
      noClasses()
          .that()
          .resideInAPackage("io.bellfounder." + library + "..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.bellfounder..")
                  .and(resideOutsideOfPackages("io.bellfounder." + library + "..")))
          .check(CODE);
    }
  }

  @Test
  void the_gateway_knows_no_database() {
    noClasses()
        .that()
        .resideInAPackage("io.bellfounder.gateway..")
        .should()
        .dependOnClassesThat(resideInAnyPackage("java.sql..", "javax.sql.."))
        .check(CODE);
  }

  @Test
  void the_simulator_shares_no_code_with_what_it_tests() {
    noClasses()
        .that()
        .resideInAPackage("io.bellfounder.simulator..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.bellfounder..")
                .and(resideOutsideOfPackages("io.bellfounder.simulator..")))
        .allowEmptyShould(true)
        .check(CODE);
  }

  @Test
  void libraries_log_through_the_jdk() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.bellfounder.server..")
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("org.slf4j..", "ch.qos.logback..", "java.util.logging.."))
        .check(CODE);
  }

  @Test
  void names_say_what_a_class_does() {
    classes()
        .that()
        .areTopLevelClasses()
        .should()
        .haveNameNotMatching(".*(Impl|Util|Utils|Manager|Helper)$")
        .check(CODE);
  }
}
