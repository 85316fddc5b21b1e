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
                "NAME               FRONTEND            KIND        POLICY    SCHEDULER   ID   "
                    + "BACKENDS   AFFINITY   CONNECTIONS   OPEN   DATAGRAMS   REFUSED",
                "default/web:http   10.96.0.1:80/TCP    ClusterIP   Cluster   wlc          1         "
                    + " 2          -            17      3           0         0",
                "default/web:http   0.0.0.0:30080/TCP   NodePort    Local     wlc          1          "
                    + "1          -             \"      \"           \"         \"",
                "kube-system/dns    [fd00::a]:53/UDP    ClusterIP   Cluster   random       2         "
                    + " 0    10800 s             0      0           5         4",
                "",
                "No backends, as:",
                "  - kube-system/dns, policy Cluster: none of its 3 endpoints is ready: look at the readiness of its pods",
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
            ["service", "port", "protocol", "family", "id", "affinitySeconds", "connections", "active", "datagrams", "refused",
                "frontends", "scheduler", "lastChange", "traffic", "programmed", "failure"],
            first.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["address", "portNumber", "kind", "policy", "backends", "noBackends"],
            first.GetProperty("frontends")[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal("agent", json.RootElement.GetProperty("origin").GetString());
        Assert.Equal(17, first.GetProperty("connections").GetInt32());
    }

    [Theory]
    [InlineData("services")]
    [InlineData("backends")]
    public async Task What_is_asked_for_is_what_the_agent_is_asked(string command)
    {
        Assert.Equal(0, await line.RunAsync(command));
        Assert.Equal(ServiceQuery.All, view.Asked);
        Assert.Equal(0, await line.RunAsync(command, "-A"));
        Assert.Equal(ServiceQuery.All, view.Asked);
        Assert.Equal(0, await line.RunAsync(command, "default/web:http"));
        Assert.Equal(new ServiceQuery("default", "web", "http"), view.Asked);
        Assert.Equal(0, await line.RunAsync(command, "web", "-n", "default"));
        Assert.Equal(new ServiceQuery("default", "web"), view.Asked);
        Assert.Equal(0, await line.RunAsync(command, "#2"));
        Assert.Equal(new ServiceQuery(Id: 2), view.Asked);
    }

    [Theory]
    [InlineData("#x", "'#x' names no Service")]
    [InlineData("a/b/c", "'a/b/c' names no Service")]
    [InlineData(":http", "':http' names no Service")]
    [InlineData("a/b -n c", "'a/b' is in namespace a, and -n says c")]
    [InlineData("-A -n c", "exclude each other")]
    public async Task What_names_no_Service_is_wrong_usage(string arguments, string message)
    {
        Assert.Equal(2, await line.RunAsync(["services", .. arguments.Split(' ')]));
        Assert.Contains(message, line.Error);
        Assert.Null(view.Asked);
    }

    [Theory]
    [InlineData("services", "nosuch")]
    [InlineData("backends", "nosuch")]
    [InlineData("services", "nosuch", "-o", "json")]
    public async Task An_unknown_Service_ends_with_3(params string[] arguments)
    {
        view.Unknown = new UnknownServiceException("there is no Service 'nosuch'; did you mean 'nosock'?");
        Assert.Equal(3, await line.RunAsync(arguments));
        Assert.Equal("there is no Service 'nosuch'; did you mean 'nosock'?\n", line.Error);
        Assert.Equal("", line.Output);
    }

    [Fact]
    public async Task A_Service_that_is_not_in_the_kernel_has_no_counters_and_is_named_with_the_reason()
    {
        view.Services = new ServicesReport(Origin.Agent,
        [
            view.Services.Services[0] with { Id = null, Connections = 0, Active = 0, Programmed = false, Failure = "lb_services4 is full" },
            view.Services.Services[1] with { Failure = "lb_slots is full" },
        ]);
        Assert.Equal(0, await line.RunAsync("services"));
        var rows = line.OutputLines;
        Assert.Equal(
            ["- 2 - - - - -", "- 1 - - - - -"],
            rows[1..3].Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries).TakeLast(7))));
        Assert.Contains(
            "Not in the kernel as they should be, as:\n  - default/web:http: lb_services4 is full\n  - kube-system/dns: lb_slots is full\n",
            line.Output);
        Assert.Equal(0, await line.RunAsync("services", "-o", "jsonpath={.services[*].programmed}"));
        Assert.EndsWith("false true", line.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Service_without_backends_says_so_and_why()
    {
        view.Backends
            = new BackendsReport(Origin.Agent, []) { Empty = [new EmptyPort("default/web", "http", "TCP", "IPv4", "no EndpointSlice")] };
        Assert.Equal(0, await line.RunAsync("backends", "default/web"));
        Assert.EndsWith("No backends, as:\n  - default/web:http (TCP, IPv4): no EndpointSlice\n", line.Output);
    }

    [Fact]
    public async Task Of_many_without_backends_twenty_are_explained()
    {
        view.Backends = new BackendsReport(Origin.Agent, [])
        {
            Empty = [.. Enumerable.Range(0, 25).Select(i => new EmptyPort($"default/web{i}", "", "TCP", "IPv4", "no EndpointSlice"))],
        };
        Assert.Equal(0, await line.RunAsync("backends"));
        Assert.Contains("  and 5 more (all of them: -o json)", line.OutputLines);
    }

    [Fact]
    public async Task The_environment_chooses_the_instance_and_options_go_before_it()
    {
        line.Environment["EBPFLB_INSTANCE"] = "lab";
        line.Environment["EBPFLB_RUN_DIR"] = "/run/lab";
        Assert.Equal(0, await line.RunAsync("services"));
        Assert.Equal(("lab", "/run/lab"), (line.Finder.Asked!.Name, line.Finder.Asked.RunDirectory));
        Assert.Equal(0, await line.RunAsync("services", "--instance", "other", "--run-dir", "/run/x"));
        Assert.Equal(("other", "/run/x"), (line.Finder.Asked!.Name, line.Finder.Asked.RunDirectory));
        line.Environment["EBPFLB_INSTANCE"] = "a.b";
        Assert.Equal(2, await line.RunAsync("status"));
        Assert.Contains("EBPFLB_INSTANCE: 'a.b' is not an instance name", line.Error);
    }

    [Fact]
    public async Task Json_is_written_as_it_is_read()
    {
        view.Status = FakeView.ReadyStatus with { Version = "0.1.0+30016346cfba", NotReady = ["instance 'lab' <x> & y"] };
        Assert.Equal(0, await line.RunAsync("status", "-o", "json"));
        Assert.Contains("0.1.0+30016346cfba", line.Output);
        Assert.Contains("instance 'lab' <x> & y", line.Output);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("services")]
    [InlineData("cleanup")]
    public async Task Others_than_root_are_told_to_run_as_root(string command)
    {
        line.IsRoot = false;
        line.Finder = new FakeFinder(null);
        Assert.Equal(1, await line.RunAsync(command));
        Assert.Contains("run as root", line.Error);
        Assert.DoesNotContain("no maps are pinned", line.Error);
        Assert.Empty(line.Remover.Removed);
    }

    [Fact]
    public async Task Backends_are_listed_with_brackets_around_IPv6()
    {
        Assert.Equal(0, await line.RunAsync("backends"));
        Assert.Equal(
            [
                "NAME               SERVICE ID   BACKEND              WEIGHT   CONNECTIONS   OPEN",
                "default/web:http            1   10.1.0.1:8080/TCP         3            12      2",
                "default/web:http            1   [fd01::1]:8080/TCP        1             -      -",
                "kube-system/dns             2   10.1.0.2:53/UDP           1             -      -",
                "",
            ], line.OutputLines);
    }

    [Fact]
    public async Task Status_of_a_ready_agent_shows_everything()
    {
        Assert.Equal(0, await line.RunAsync("status"));
        Assert.Equal("Ready", line.OutputLines[0]);
        Assert.Contains(line.OutputLines,
            l => l.StartsWith("Source", StringComparison.Ordinal) && l.EndsWith(
                "/etc/manifests, synced, last contact 1m5s ago", StringComparison.Ordinal));
        Assert.Contains(line.OutputLines, l => l.StartsWith("connect4", StringComparison.Ordinal) && l.Contains("/sys/fs/cgroup"));
        Assert.Contains(line.OutputLines,
            l => l.StartsWith("Schedulers", StringComparison.Ordinal)
                && l.EndsWith("random 9, wlc 2 (1 with weights)", StringComparison.Ordinal));
        Assert.Contains(line.OutputLines, l => l.StartsWith("lb_services4", StringComparison.Ordinal) && l.Contains("25.0 %"));
        Assert.Contains("snapshot 3 at 2025-01-01T00:00:07Z: 12 services, 40 operations, compiled in 0.50 ms, applied in 1.25 ms, 0 failed",
            line.Output);
    }

    [Fact]
    public async Task Status_of_an_agent_that_is_not_ready_says_why_and_ends_with_3()
    {
        view.Status = FakeView.ReadyStatus with
        {
            Ready = false, NotReady = ["no plan has been applied yet"], Failures = ["Service a/b: lb_backends is full"],
            Features = [new("TCX", false, "tc programs"), new("iter_udp", null, null)],
        };
        Assert.Equal(3, await line.RunAsync("status"));
        Assert.StartsWith("Not ready\n  - no plan has been applied yet\n", line.Output);
        Assert.Contains("Failed to program:\n  - Service a/b: lb_backends is full", line.Output);
        Assert.Contains("Missing in this kernel:\n  - TCX: tc programs\n", line.Output);
        Assert.Contains("Not known yet of this kernel:\n  - iter_udp\n", line.Output);
    }

    [Fact]
    public async Task Status_names_what_packets_met_and_what_to_do()
    {
        view.Status = FakeView.ReadyStatus with
        {
            Drops = [new ReasonStatus("drop_ct_full", 2, 120, "the map is full", "raise --max-flows") { PacketsSinceStart = 1 }],
        };
        Assert.Equal(0, await line.RunAsync("status"));
        Assert.Contains("drop_ct_full          2             1     120   the map is full: raise --max-flows", line.OutputLines);
    }

    [Fact]
    public async Task Without_an_agent_the_maps_are_shown_by_id_and_the_answer_says_so()
    {
        view.Services = new ServicesReport(Origin.Maps,
            [new ServiceRow(null, null, "TCP", "IPv4", 7, 0, 17, 3, 0, 0, [new FrontendRow("10.96.0.1", 80, "ClusterIP", "Cluster", 2)])]);
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
        Assert.Contains("instance 'lab' not found: no agent answers on /run/x/lab.sock", line.Error);
        Assert.Contains("ebpflb run", line.Error);
        Assert.Equal("lab", line.Finder.Asked?.Name);
    }
}
