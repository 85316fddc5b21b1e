using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Kubernetes;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Testing.ApiServer;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>The whole agent in this process, between a fake API server over real HTTP and a fake dataplane.</summary>
internal sealed partial class RunningAgent : IAsyncDisposable
{
    private readonly TestCommandLine line = new();
    private readonly TemporaryDirectory directory = new();
    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http = new();
    private Task<int> running = Task.FromResult(0);

    private RunningAgent(FakeApiServer server) => Server = server;

    public FakeApiServer Server { get; }

    public FakeDataplane Dataplane { get; } = new();

    public string Log => line.Error;

    /// <summary>The exit code, when it has ended.</summary>
    public Task<int> Exit => running;

    public static async Task<RunningAgent> StartAsync(params string[] arguments)
    {
        var agent = new RunningAgent(await FakeApiServer.StartAsync());
        agent.line.OpenDataplane = (_, _) => agent.Dataplane;
        agent.line.OpenSource = (options, loggers) => new ApiServerSource(
            new ApiConnection([agent.Server.Url], "test"),
            new ApiServerSourceOptions(options.Start.NodeName)
            {
                Reflector
                    = new ReflectorOptions { FirstRetry = TimeSpan.FromMilliseconds(5), LongestRetry = TimeSpan.FromMilliseconds(20) },
            },
            TimeProvider.System, new Random(1), loggers.CreateLogger<ApiServerSource>());
        string[] given =
        [
            "run", "--node-name", "node-1", "--run-dir", agent.directory.Path,
            .. arguments.Contains("--healthz-bind-address") ? Array.Empty<string>() : ["--healthz-bind-address", "127.0.0.1:0"],
            .. arguments.Contains("--metrics-bind-address") ? Array.Empty<string>() : ["--metrics-bind-address", "127.0.0.1:0"],
            .. arguments,
        ];
        agent.running = Task.Run(() => agent.line.RunAsync(given, agent.stop.Token));
        return agent;
    }

    public void ApplyNode(string addresses = "192.0.2.1", string podCidr = "10.1.1.0/24", string zone = "z1", string taint = "") => Server.Apply($$"""
        {"kind":"Node","apiVersion":"v1","metadata":{"name":"node-1","labels":{"topology.kubernetes.io/zone":"{{zone}}"} },
         "spec":{"podCIDR":"{{podCidr}}"{{(taint.Length == 0 ? "" : $$""","taints":[{"key":"{{taint}}","effect":"NoSchedule"}]""")}} },
         "status":{"addresses":[{{string.Join(',', addresses.Split(' ').Select(a => $$"""{"type":"InternalIP","address":"{{a}}"}"""))}}]} }
        """);

    /// <summary>Body and status of "health" or "metrics".</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(
        string server, string path, HttpMethod? method = null, string? body = null, string? host = null)
    {
        await Waiting.UntilAsync(() => PortOf(server) is not null);
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, $"http://127.0.0.1:{PortOf(server)}{path}");
        request.Headers.Host = host;
        if (body is not null) request.Content = new StringContent(body);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public Task UntilAsync(HttpStatusCode healthz)
        => Waiting.UntilAsync(() => GetAsync("health", "/healthz").GetAwaiter().GetResult().Status == healthz);

    public Task UntilLogAsync(string text) => Waiting.UntilAsync(() => Log.Contains(text, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        await Server.DisposeAsync();
        http.Dispose();
        line.Dispose();
        directory.Dispose();
        stop.Dispose();
    }

    private int? PortOf(string server) => Listening().Matches(Log).FirstOrDefault(m => m.Groups["server"].Value == server) is { } match
        ? int.Parse(match.Groups["port"].Value, CultureInfo.InvariantCulture)
        : null;

    [GeneratedRegex("Listening: server=(?<server>[a-z]+) address=[^ ]+ port=(?<port>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listening();
}
