using System.Text.Json.Serialization.Metadata;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Http.Server;

namespace EbpfLb.Agent.Commands.Sysdump;

/// <summary>What an instance answers: its agent, or its pinned maps.</summary>
internal static class InstanceParts
{
    private static readonly TimeSpan MetricsTime = TimeSpan.FromSeconds(5);

    private const int MostFlows = 1000;

    private const int MostLogLines = 5000;

    public static IEnumerable<DumpPart> Of(IInstanceView view) =>
    [
        Json("status.json", view.StatusAsync, ControlJson.Default.StatusReport),
        Json("services.json", token => view.ServicesAsync(ServiceQuery.All, token), ControlJson.Default.ServicesReport),
        Json("backends.json", token => view.BackendsAsync(ServiceQuery.All, token), ControlJson.Default.BackendsReport),
        Json("verify.json", token => view.VerifyAsync(repair: false, token), ControlJson.Default.VerifyReport),
        Json("history.json", token => (view.History ?? throw new IOException("only an agent keeps one, and none answers"))
            .ReadAsync(new HistoryQuery(), token), ControlJson.Default.HistoryReport),
        Json("drops.json", token => view.Flows.DropsAsync(0, TimeSpan.Zero, token), ControlJson.Default.DropsReport),
        Json("conntrack-count.json", token => view.Flows.CountAsync(new FlowQuery(), token), ControlJson.Default.FlowCountReport),
        Json("conntrack.json", token => view.Flows.ListAsync(new FlowQuery(Limit: MostFlows), token), ControlJson.Default.FlowsReport),
        new("config.json", async token => await view.ConfigAsync(token) ?? throw new IOException("only an agent knows it, and none "
            + "answers")),
    ];

    /// <param name="start">null: the agent's options are not known.</param>
    /// <param name="pid">The agent's; null: it is not seen.</param>
    public static IEnumerable<DumpPart> OfProcess(StartOptions? start, int? pid)
    {
        yield return new DumpPart("metrics.txt", async token =>
        {
            var address = (start ?? throw new IOException("no agent answers")).MetricsAddress
                ?? throw new IOException("the agent's metrics are switched off");
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = MetricsTime };
            return await client.GetStringAsync(new Uri($"http://{address}/metrics"), token);
        });
        foreach (var file in new[] { "status", "limits", "cgroup", "mountinfo", "cmdline" })
            yield return new DumpPart($"process/{file}.txt", () => File.ReadAllText(
                $"/proc/{pid ?? throw new IOException("no agent runs in this pid namespace")}/{file}").Replace('\0', ' '));
        yield return new DumpPart("log.txt",
            token => Programs.RunAsync("journalctl", ["-u", "ebpflb", "-n", $"{MostLogLines}", "--no-pager", "-o", "short-iso"], token));
    }

    private static DumpPart Json<T>(string file, Func<CancellationToken, Task<T>> ask, JsonTypeInfo<T> type)
        => new(file, async token => PlainJson.Text(await ask(token), type));
}
