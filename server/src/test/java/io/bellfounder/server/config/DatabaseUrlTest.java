package io.bellfounder.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DatabaseUrlTest {
  @Test
  void the_short_form_becomes_the_drivers() {
    DatabaseUrl url = DatabaseUrl.parse("postgres://u:p%40w@db.example:5433/bell?sslmode=require");

    assertThat(url.jdbc()).isEqualTo("jdbc:postgresql://db.example:5433/bell?sslmode=require");
    assertThat(url.user()).isEqualTo("u");
    assertThat(url.password()).isEqualTo("p@w");
  }

  @Test
  void the_drivers_form_keeps_its_options_and_loses_its_credentials() {
    DatabaseUrl url =
        DatabaseUrl.parse("jdbc:postgresql://h/bell?user=u&password=p&targetServerType=primary");

    assertThat(url.jdbc()).isEqualTo("jdbc:postgresql://h/bell?targetServerType=primary");
    assertThat(url.user()).isEqualTo("u");
    assertThat(url.password()).isEqualTo("p");
  }

  @Test
  void several_hosts_pass() {
    assertThat(DatabaseUrl.parse("postgresql://a:1,b:2/bell").jdbc())
        .isEqualTo("jdbc:postgresql://a:1,b:2/bell");
  }

  @Test
  void several_hosts_keep_the_user_before_them() {
    DatabaseUrl url = DatabaseUrl.parse("postgresql://u:p%2Fw@a:1,b:2/bell");

    assertThat(url.jdbc()).isEqualTo("jdbc:postgresql://a:1,b:2/bell");
    assertThat(url.user()).isEqualTo("u");
    assertThat(url.password()).isEqualTo("p/w");
  }

  @Test
  void an_option_may_hold_a_user_or_password_with_an_at_sign() {
    DatabaseUrl url = DatabaseUrl.parse("jdbc:postgresql://h/d?user=u@azure&password=p@w");

    assertThat(url.user()).isEqualTo("u@azure");
    assertThat(url.password()).isEqualTo("p@w");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgres://u:sec/ret@h/d",
        "postgres://u:sec?ret@h/d",
        "postgres://u:sec#ret@h/d",
        "postgres://u:1/ret@h/d",
        "postgres://u:1?ret@h/d",
        "postgres://u:1#ret@h/d",
        "postgres://u:sec@ret@h/d",
        "postgres://u:p@h:ret/d",
        "jdbc:postgresql://u:sec/ret@h/d"
      })
  void a_password_that_is_not_encoded_is_refused_without_showing_it(String url) {
    assertThatThrownBy(() -> DatabaseUrl.parse(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("percent-encoded")
        .hasMessageNotContaining("sec")
        .hasMessageNotContaining("ret");
  }

  @Test
  void a_plus_in_a_password_is_a_plus() {
    assertThat(DatabaseUrl.parse("postgres://u:a+b@h/d").password()).isEqualTo("a+b");
  }

  @Test
  void what_is_no_url_is_refused_without_showing_it() {
    assertThatThrownBy(() -> DatabaseUrl.parse("postgres://u:secret word@h/d"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://u:secret@h/d",
        "jdbc:mysql://u:secret@h/d",
        "postgresql:secret",
        "secret",
        "h/secret"
      })
  void what_is_no_postgresql_is_refused_with_the_forms_there_are(String url) {
    assertThatThrownBy(() -> DatabaseUrl.parse(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("postgres://USER:PASSWORD@HOST:PORT/DATABASE")
        .hasMessageNotContaining("secret");
  }

  @Test
  void printing_it_shows_the_host_alone() {
    assertThat(DatabaseUrl.parse("postgres://u:secret@h/d").toString())
        .contains("h")
        .doesNotContain("secret");
  }
}
