// One OpenSearch 2 node on 127.0.0.1: Engine PORT DATA_DIR. Built and started by ../start.
import java.nio.file.*;
import java.util.*;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.*;
import org.opensearch.plugins.Plugin;

public class Engine {
  static class LocalNode extends Node {
    LocalNode(Settings s, Path home, List<Class<? extends Plugin>> plugins) {
      super(InternalSettingsPreparer.prepareEnvironment(s, Map.of(), home.resolve("config"), () -> "local"), plugins, false);
    }
  }
  public static void main(String[] a) throws Exception {
    Path home = Path.of(a[1]).toAbsolutePath();
    Files.createDirectories(home.resolve("config"));
    Settings s = Settings.builder()
      .put("path.home", home).put("path.data", home.resolve("data")).put("path.logs", home.resolve("logs"))
      .put("cluster.name", "local").put("node.name", "local").put("discovery.type", "single-node")
      .put("network.host", "127.0.0.1").put("http.port", a[0]).put("transport.port", "0")
      .put("http.type", "netty4").put("transport.type", "netty4")
      .put("cluster.routing.allocation.disk.threshold_enabled", false)
      .put("action.destructive_requires_name", true).build();
    List<Class<? extends Plugin>> plugins = new ArrayList<>();
    for (String c : ("org.opensearch.transport.Netty4Plugin org.opensearch.analysis.common.CommonAnalysisPlugin "
        + "org.opensearch.painless.PainlessPlugin org.opensearch.index.reindex.ReindexPlugin "
        + "org.opensearch.index.mapper.MapperExtrasPlugin").split(" "))
      plugins.add(Class.forName(c).asSubclass(Plugin.class));
    Node node = new LocalNode(s, home, plugins);
    node.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { node.close(); } catch (Exception e) { } }));
    System.out.println("READY http://127.0.0.1:" + a[0]);
    new java.util.concurrent.CountDownLatch(1).await();
  }
}
