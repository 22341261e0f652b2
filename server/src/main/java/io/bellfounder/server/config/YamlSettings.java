package io.bellfounder.server.config;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Flattens a YAML text into dotted settings that remember their line. */
final class YamlSettings {
  private static final int CODE_POINTS_MAX = 1 << 20;

  private final String name;
  private final List<String> problems;
  private final Map<String, Setting> settings = new LinkedHashMap<>();

  private YamlSettings(String name, List<String> problems) {
    this.name = name;
    this.problems = problems;
  }

  static Map<String, Setting> read(String text, String name, List<String> problems) {
    YamlSettings reader = new YamlSettings(name, problems);
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(CODE_POINTS_MAX);
    options.setMaxAliasesForCollections(20);
    options.setNestingDepthLimit(20);
    try {
      Node root = new Yaml(new SafeConstructor(options)).compose(new StringReader(text));
      if (root instanceof MappingNode mapping) {
        reader.flatten("", mapping);
      } else if (root != null && !isNull(root)) {
        problems.add(name + ": expected keys such as `server:` at the top, found something else.");
      }
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
      problems.add(name + " line " + line + ": not valid YAML: " + e.getProblem() + ".");
    }
    return reader.settings;
  }

  private void flatten(String prefix, MappingNode mapping) {
    for (NodeTuple entry : mapping.getValue()) {
      if (!(entry.getKeyNode() instanceof ScalarNode key)) {
        problems.add(place(entry.getKeyNode()) + ": a key must be plain text.");
        continue;
      }
      String path = prefix.isEmpty() ? key.getValue() : prefix + "." + key.getValue();
      switch (entry.getValueNode()) {
        case MappingNode inner when !inner.getValue().isEmpty() -> flatten(path, inner);
        case MappingNode _ -> putEmpty(prefix, path, key);
        case SequenceNode list -> put(path, key, listText(path, list));
        case ScalarNode scalar when isNull(scalar) -> putEmpty(prefix, path, key);
        case ScalarNode scalar -> put(path, key, scalar.getValue());
        default -> problems.add(place(key) + ": `" + path + "` has an unsupported kind of value.");
      }
    }
  }

  /**
   * A section may be empty, such as {@code providers:} with everything below it commented out. A
   * provider or a route of which there is only the name is looked at like any other.
   */
  private void putEmpty(String prefix, String path, Node key) {
    switch (prefix) {
      case "providers" -> put(path + ".apiKey", key, "");
      case "routes" -> put(path + ".targets", key, "");
      default -> {
        if (ConfigKeys.find(path).isEmpty() && !isSection(path)) {
          put(path, key, "");
        }
      }
    }
  }

  private static boolean isSection(String path) {
    return ConfigKeys.ALL.stream().anyMatch(key -> key.path().startsWith(path + "."));
  }

  private void put(String path, Node at, String text) {
    if (settings.put(path, new Setting(path, text, place(at))) != null) {
      problems.add(place(at) + ": `" + path + "` stands there twice.");
    }
  }

  private String listText(String path, SequenceNode list) {
    List<String> items = new ArrayList<>();
    for (Node item : list.getValue()) {
      switch (item) {
        case ScalarNode scalar -> items.add(scalar.getValue());
        case MappingNode mapping when path.endsWith(".targets") -> items.add(target(mapping));
        default -> problems.add(place(item) + ": `" + path + "` takes a list of plain values.");
      }
    }
    return String.join(",", items);
  }

  private String target(MappingNode mapping) {
    String provider = "";
    String model = "";
    for (NodeTuple entry : mapping.getValue()) {
      String key = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
      String value =
          entry.getValueNode() instanceof ScalarNode scalar && !isNull(scalar)
              ? scalar.getValue()
              : "";
      switch (key) {
        case "provider" -> provider = value;
        case "model" -> model = value;
        default ->
            problems.add(
                place(entry.getKeyNode())
                    + ": a target has no key `"
                    + key
                    + "`; it has `provider` and `model`.");
      }
    }
    if (provider.isEmpty()) {
      problems.add(place(mapping) + ": a target needs a `provider`.");
    }
    return model.isEmpty() ? provider : provider + "/" + model;
  }

  private static boolean isNull(Node node) {
    return node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.NULL);
  }

  private String place(Node node) {
    return name + " line " + (node.getStartMark().getLine() + 1);
  }
}
