// One Elasticsearch 9 node on 127.0.0.1: Engine PORT DATA_DIR. Built and started by ../start. This package, because the constructor is package-private.
package org.elasticsearch.node;

import java.nio.file.*;
import java.util.*;
import java.util.function.*;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterFilter;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.*;
import org.elasticsearch.env.Environment;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.*;
import org.elasticsearch.plugins.*;
import org.elasticsearch.rest.*;
import org.elasticsearch.transport.netty4.Netty4Plugin;

public class Engine {
  // not published for 8 and 9: analysis-common (keyword tokenizer and word_delimiter here are the same Lucene classes and
  // flags), rest-root (GET / here is a stand-in), reindex, lang-painless
  public static class Gaps extends Plugin implements AnalysisPlugin, ActionPlugin {
    @Override public List<PreConfiguredTokenizer> getPreConfiguredTokenizers() {
      return List.of(PreConfiguredTokenizer.singleton("keyword", KeywordTokenizer::new));
    }
    @Override public List<PreConfiguredTokenFilter> getPreConfiguredTokenFilters() {
      return List.of(PreConfiguredTokenFilter.singleton("word_delimiter", false, in -> new WordDelimiterFilter(in,
        WordDelimiterFilter.GENERATE_WORD_PARTS | WordDelimiterFilter.GENERATE_NUMBER_PARTS | WordDelimiterFilter.SPLIT_ON_CASE_CHANGE
        | WordDelimiterFilter.SPLIT_ON_NUMERICS | WordDelimiterFilter.STEM_ENGLISH_POSSESSIVE, null)));
    }
    @Override public Collection<RestHandler> getRestHandlers(RestHandlersServices s, Supplier<DiscoveryNodes> d, Predicate<NodeFeature> p) {
      String body = "{\"name\":\"local\",\"cluster_name\":\"local\",\"version\":{\"number\":\"" + Build.current().version()
        + "\",\"build_flavor\":\"default\"},\"tagline\":\"You Know, for Search\"}";
      return List.of(new RestHandler() {
        @Override public List<Route> routes() { return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/")); }
        @Override public void handleRequest(RestRequest r, RestChannel c, NodeClient n) { c.sendResponse(new RestResponse(RestStatus.OK, "application/json", body)); }
      });
    }
  }
  public static void main(String[] a) throws Exception {
    LogConfigurator.configureESLogging();
    Path home = Path.of(a[1]).toAbsolutePath();
    Files.createDirectories(home.resolve("config"));
    Settings s = Settings.builder()
      .put("path.home", home).put("path.data", home.resolve("data")).put("path.logs", home.resolve("logs"))
      .put("cluster.name", "local").put("node.name", "local").put("discovery.type", "single-node")
      .put("network.host", "127.0.0.1").put("http.port", a[0]).put("transport.port", "0")
      .put("http.type", "netty4").put("transport.type", "netty4")
      .put("cluster.routing.allocation.disk.threshold_enabled", false)
      // with that it takes read_only_allow_delete from every index whenever it looks at the disks, twice a minute: a test sets it
      .put("cluster.info.update.interval", "24h")
      .put("action.destructive_requires_name", true).build();
    Environment env = InternalSettingsPreparer.prepareEnvironment(s, Map.of(), home.resolve("config"), () -> "local");
    Node node = new Node(NodeConstruction.prepareConstruction(env, null, new NodeServiceProvider() {
      @Override PluginsService newPluginService(Environment e, PluginsLoader l) {
        return new MockPluginsService(e.settings(), e, List.of(Netty4Plugin.class, Gaps.class)); // "mock" = plugins from the class path
      }
    }, true)) { };
    node.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { node.close(); } catch (Exception e) { } }));
    System.out.println("READY http://127.0.0.1:" + a[0]);
    new java.util.concurrent.CountDownLatch(1).await();
  }
}
