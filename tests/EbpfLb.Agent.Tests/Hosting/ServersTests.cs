using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Events;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Testing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Hosting;

/// <summary>The agent's own servers, in a whole agent between a fake API server and a fake dataplane.</summary>
public sealed class ServersTests
{
    [Contract("14", "/configz, /flagz, /statusz: what is in force, what was given, what runs")]
    [Fact]
    public async Task The_metrics_server_tells_configuration_flags_and_status()
    {
        await using var agent = await RunningAgent.StartAsync("--nodeport-addresses", "192.0.2.0/24");

        using var configz = JsonDocument.Parse((await agent.GetAsync("metrics", "/configz")).Body);
        Assert.Equal("node-1", configz.RootElement.GetProperty("kubeproxy.config.k8s.io").GetProperty("hostnameOverride").GetString());
        Assert.Contains("\nnodeport-addresses=192.0.2.0/24\n", (await agent.GetAsync("metrics", "/flagz")).Body);
        Assert.Contains($"\nVersion: {VersionCommand.Version}\n", (await agent.GetAsync("metrics", "/statusz")).Body);
        Assert.Equal("ebpf", (await agent.GetAsync("metrics", "/proxyMode")).Body);
    }

    [Fact]
    public async Task Monitoring_may_ask_by_any_name_and_a_browser_for_the_page_by_those_of_the_node()
    {
        await using var agent = await RunningAgent.StartAsync("--status-page-host", "page.example");

        foreach (var path in (string[])["/metrics", "/metrics/slis", "/healthz"])
            Assert.Equal(HttpStatusCode.OK, (await agent.GetAsync("metrics", path, host: "other.example")).Status);
        foreach (var host in (string?[])[null, "node-1", Environment.MachineName, "page.example:1"])
            Assert.Equal(HttpStatusCode.OK, (await agent.GetAsync("metrics", "/page", host: host)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await agent.GetAsync("metrics", "/page", host: "other.example")).Status);
    }

    [Contract("15", "component-base: rest_client_requests_total, process_*, kubernetes_build_info, kubernetes_feature_enabled")]
    [Fact]
    public async Task The_requests_to_the_API_server_are_among_the_metrics()
    {
        await using var agent = await RunningAgent.StartAsync();
        agent.ApplyNode();
        await agent.UntilLogAsync("Node object: name=node-1");

        var body = (await agent.GetAsync("metrics", "/metrics")).Body;
        Assert.Contains($"rest_client_requests_total{{code=\"200\",host=\"{agent.Server.Url.Authority}\",method=\"GET\"}}", body);
        Assert.Contains("kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family=\"IPv4\"}", body);
    }

    [Contract(
        "13",
        "programming latency: from the slice's annotation to the end of the round that carries it, once; not of what is older than "
        + "the agent, unchanged or not to be read")]
    [Fact]
    public async Task A_change_of_endpoints_is_timed_from_its_annotation_when_it_is_a_change()
    {
        await using var agent = await RunningAgent.StartAsync();
        agent.Server.Apply(Slice("10.1.0.1", DateTimeOffset.UtcNow.AddDays(-1)));
        await agent.UntilLogAsync("Synced: ");
        // Later than the agent's start, with nanoseconds as the controller writes them; then the same again with another time only.
        agent.Server.Apply(Slice("10.1.0.2", DateTimeOffset.UtcNow));
        await Waiting.UntilAsync(() => Latencies(agent) == 1);
        agent.Server.Apply(Slice("10.1.0.2", DateTimeOffset.UtcNow));
        agent.Server.Apply(Slice("10.1.0.3", DateTimeOffset.UtcNow));

        await Waiting.UntilAsync(() => Latencies(agent) == 2);
    }

    [Contract("10", "bind fails: an event on the Node and again every 5 s; with bindAddressHardFail the end")]
    [Contract("14", "bind fails: event FailedToStartMetricServer, again every 5 s")]
    [Fact]
    public async Task An_address_that_is_taken_is_an_event_on_the_node_and_the_agent_goes_on()
    {
        using var occupant = new TcpListener(IPAddress.Loopback, 0);
        occupant.Start();
        await using var agent = await RunningAgent.StartAsync("--healthz-bind-address", $"{occupant.LocalEndpoint}");

        await Waiting.UntilAsync(() => agent.Server.Events.Any(e => (string?)e["reason"] == "FailedToStartProxierHealthcheck"));
        var told = agent.Server.Events.Single(e => (string?)e["reason"] == "FailedToStartProxierHealthcheck");
        Assert.Equal(("Node", "node-1", "Warning"),
            ((string?)told["regarding"]!["kind"], (string?)told["regarding"]!["name"], (string?)told["type"]));
        Assert.Contains("--healthz-bind-address", (string?)told["note"]);
        Assert.Equal("ok", (await agent.GetAsync("metrics", "/healthz")).Body);
        Assert.False(agent.Exit.IsCompleted);
    }

    [Contract("9", "proxy unhealthy: 503, and the count stays")]
    [Fact]
    public async Task Of_an_agent_that_lost_its_instance_the_health_check_ports_say_so_too()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        await using var agent = await RunningAgent.StartAsync();
        agent.ApplyNode();
        agent.Server.Apply(Slice("10.1.0.1", DateTimeOffset.UtcNow, node: "node-1"));
        agent.Server.Apply($$$"""
            {"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"prod"},"spec":{"type":"LoadBalancer",
             "clusterIP":"10.96.0.1","externalTrafficPolicy":"Local","healthCheckNodePort":{{{port}}},"ports":[{"port":80,"nodePort":30080}]} }
            """);
        using var client = new HttpClient();
        await UntilAsync(HttpStatusCode.OK);

        agent.Dataplane.Lost = "another agent took it over";

        await UntilAsync(HttpStatusCode.ServiceUnavailable);

        Task UntilAsync(HttpStatusCode expected) => Waiting.UntilAsync(() =>
        {
            try
            {
                using var answer = client.GetAsync(new Uri($"http://127.0.0.1:{port}/")).GetAwaiter().GetResult();
                return answer.StatusCode == expected;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task Periods_that_mean_never_end_neither_the_agent_nor_its_work_and_fill_no_log()
    {
        await using var agent = await RunningAgent.StartAsync(
            "--sync-period", "8760h", "--verify-period", "8760h", "--config-sync-period", "8760h", "--conntrack-sweep-cpu", "0.1");
        agent.ApplyNode();
        await agent.UntilLogAsync("Canary answered");
        agent.ApplyNode(zone: "z2");
        await agent.UntilLogAsync("\"z1\" is \"z2\" now");
        Assert.False(agent.Exit.IsCompleted);
        Assert.DoesNotContain("is started again", agent.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("Not verified", agent.Log, StringComparison.Ordinal);
    }

    [Contract("10", "bind fails: an event on the Node and again every 5 s; with bindAddressHardFail the end")]
    [Fact]
    public void With_hard_failure_an_address_that_is_taken_ends_the_process()
    {
        using var log = new CollectedLog();
        using var events = new EventQueue(null, "n", TimeProvider.System, log.Loggers.CreateLogger("events"));
        var stopped = 0;
        foreach (var hard in new[] { false, true })
        {
            var failures = new BindFailures(events, "n", hard, () => stopped++, log.Loggers.CreateLogger("host"));
            failures.For("FailedToStartMetricServer")("the metrics server cannot listen");
            Assert.Equal((hard, hard ? 1 : 0), (failures.Failed, stopped));
        }
        Assert.Contains(log.Lines, l => l.Contains("--bind-address-hard-fail is set: the process ends", StringComparison.Ordinal));
    }

    [Contract("14", "PUT /debug/flags/v: with enableProfiling only")]
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_verbosity_can_be_switched_when_profiling_is_on(bool profiling)
    {
        var verbosity = new Verbosity(0);
        using var text = new CollectedText();
        using var loggers = AgentLogging.Create(text.Writer, LogFormat.Text, verbosity, TimeProvider.System);
        var options
            = new StartOptions { Instance = new InstanceOptions("i", null, null, "/run"), NodeName = "n", EnableProfiling = profiling };
        var set = AgentPages.Of(options, () => "{}", verbosity, TimeProvider.System).SetVerbosity;
        Assert.Equal(profiling, set is not null);
        if (set is null) return;

        var logger = loggers.CreateLogger("x");
        Assert.False(logger.IsEnabled(LogLevel.Debug));
        Assert.Null(set("4"));
        Assert.True(logger.IsEnabled(LogLevel.Debug));
        Assert.False(logger.IsEnabled(LogLevel.Trace));
        Assert.Contains("0 to 10", set("11"));
        Assert.Null(set("0"));
        Assert.False(logger.IsEnabled(LogLevel.Debug));
    }

    private static int Latencies(RunningAgent agent)
        => agent.GetAsync("metrics", "/metrics").GetAwaiter().GetResult().Body.Split('\n')
            .Where(l => l.StartsWith("kubeproxy_network_programming_duration_seconds_count{ip_family=\"IPv4\"}", StringComparison.Ordinal))
            .Select(l => int.Parse(l[(l.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();

    private static string Slice(string address, DateTimeOffset trigger, string node = "node-2") => $$"""
        {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"web-1","namespace":"prod","labels":{"kubernetes.io/service-name":"web"},
          "annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"{{trigger.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff}}00Z"} },
         "addressType":"IPv4","ports":[{"port":8080}],"endpoints":[{"addresses":["{{address}}"],"nodeName":"{{node}}"}]}
        """;
}
