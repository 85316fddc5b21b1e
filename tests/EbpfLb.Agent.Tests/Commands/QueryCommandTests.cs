using System.Text.Json;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class QueryCommandTests : IDisposable
{
    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();

    public QueryCommandTests() => line.Finder = new FakeFinder(view);

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Services_are_aligned_plain_text_when_piped()
    {
        Assert.Equal(0, await line.RunAsync("services"));
        Assert.Equal(
            [
                "NAME               FRONTEND            KIND        POLICY    ID   BACKENDS   AFFINITY   CONNECTIONS   OPEN   DATAGRAMS   REFUSED",
                "default/web:http   10.96.0.1:80/TCP    ClusterIP   Cluster    1          2          -            17      3           0         0",
                "default/web:http   0.0.0.0:30080/TCP   NodePort    Local      1          1          -            17      3           0         0",
                "kube-system/dns    [fd00::a]:53/UDP    ClusterIP   Cluster    2          0    10800 s             0      0           5         4",
                "",
            ], line.OutputLines);
    }

    [Fact]
    public async Task A_person_at_a_terminal_gets_a_frame()
    {
        line.TerminalWidth = 160;
        Assert.Equal(0, await line.RunAsync("services"));
        Assert.Contains("╭", line.Output);
        Assert.Contains("default/web:http", line.Output);
    }

    [Fact]
    public async Task A_terminal_that_is_too_narrow_for_a_frame_gets_everything_without()
    {
        line.TerminalWidth = 80;
        Assert.Equal(0, await line.RunAsync("services"));
        Assert.DoesNotContain("╭", line.Output);
        Assert.Contains("default/web:http", line.Output);
    }

    [Fact]
    public async Task Services_as_json_have_stable_names()
    {
        Assert.Equal(0, await line.RunAsync("services", "-o", "json"));
        using var json = JsonDocument.Parse(line.Output);
        var first = json.RootElement.GetProperty("services")[0];
        Assert.Equal(
            ["service", "port", "address", "portNumber", "protocol", "kind", "policy", "id", "backends", "affinitySeconds", "connections", "active", "datagrams", "refused"],
            first.EnumerateObject().Select(p => p.Name));
        Assert.Equal("agent", json.RootElement.GetProperty("origin").GetString());
        Assert.Equal(17, first.GetProperty("connections").GetInt32());
    }

    [Theory]
    [InlineData("default/web", 2)]
    [InlineData("web", 2)]
    [InlineData("#2", 1)]
    [InlineData("nothing", 0)]
    public async Task Backends_can_be_asked_for_by_name_or_id(string service, int rows)
    {
        Assert.Equal(0, await line.RunAsync("backends", service, "-o", "json"));
        using var json = JsonDocument.Parse(line.Output);
        Assert.Equal(rows, json.RootElement.GetProperty("backends").GetArrayLength());
    }

    [Fact]
    public async Task A_name_without_backends_says_where_to_look()
    {
        Assert.Equal(0, await line.RunAsync("backends", "nothing"));
        Assert.Contains("'nothing' has no backends here; `ebpflb services` lists what there is", line.Error);
    }

    [Fact]
    public async Task Backends_are_listed_with_brackets_around_IPv6()
    {
        Assert.Equal(0, await line.RunAsync("backends"));
        Assert.Contains("default/web:http            1   [fd01::1]:8080/TCP", line.OutputLines);
    }

    [Fact]
    public async Task Status_of_a_ready_agent_shows_everything()
    {
        Assert.Equal(0, await line.RunAsync("status"));
        Assert.Equal("Ready", line.OutputLines[0]);
        Assert.Contains(line.OutputLines, l => l.StartsWith("Source", StringComparison.Ordinal) && l.EndsWith("/etc/manifests, synced, last contact 1m5s ago", StringComparison.Ordinal));
        Assert.Contains(line.OutputLines, l => l.StartsWith("connect4", StringComparison.Ordinal) && l.Contains("/sys/fs/cgroup"));
        Assert.Contains(line.OutputLines, l => l.StartsWith("lb_services4", StringComparison.Ordinal) && l.Contains("25.0 %"));
        Assert.Contains("snapshot 3 at 2025-01-01T00:00:07Z: 12 services, 40 operations, compiled in 0.50 ms, applied in 1.25 ms, 0 failed", line.Output);
    }

    [Fact]
    public async Task Status_of_an_agent_that_is_not_ready_says_why_and_ends_with_3()
    {
        view.Status = FakeView.ReadyStatus with
        {
            Ready = false, NotReady = ["no plan has been applied yet"], Failures = ["Service a/b: lb_backends is full"], Features = [new("TCX", false, "tc programs")],
        };
        Assert.Equal(3, await line.RunAsync("status"));
        Assert.StartsWith("Not ready\n  - no plan has been applied yet\n", line.Output);
        Assert.Contains("Not in the kernel as wanted:\n  - Service a/b: lb_backends is full", line.Output);
        Assert.Contains("Missing in this kernel:\n  - TCX: tc programs", line.Output);
    }

    [Fact]
    public async Task Status_names_what_packets_met_and_what_to_do()
    {
        view.Status = FakeView.ReadyStatus with { Drops = [new ReasonStatus("drop_ct_full", 2, 120, "the map is full", "raise --max-flows")] };
        Assert.Equal(0, await line.RunAsync("status"));
        Assert.Contains("drop_ct_full             2     120   the map is full: raise --max-flows", line.OutputLines);
    }

    [Fact]
    public async Task Without_an_agent_the_maps_are_shown_by_id_and_the_answer_says_so()
    {
        view.Services = new ServicesReport(Origin.Maps, [new ServiceRow(null, null, "10.96.0.1", 80, "TCP", "ClusterIP", "Cluster", 7, 2, 0, 17, 3, 0, 0)]);
        Assert.Equal(0, await line.RunAsync("services"));
        Assert.Contains(line.OutputLines, l => l.StartsWith("#7 ", StringComparison.Ordinal));
        Assert.Contains("no agent answers: read from the pinned maps", line.Error);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("services")]
    [InlineData("backends")]
    public async Task Nothing_there_is_said_with_what_to_do_and_ends_with_3(string command)
    {
        line.Finder = new FakeFinder(null);
        Assert.Equal(3, await line.RunAsync(command, "--instance", "lab", "--run-dir", "/run/x"));
        Assert.Contains("nothing of instance 'lab' is here: no agent answers on /run/x/lab.sock", line.Error);
        Assert.Contains("ebpflb run", line.Error);
        Assert.Equal("lab", line.Finder.Asked?.Name);
    }
}
