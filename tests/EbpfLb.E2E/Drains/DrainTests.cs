using System.Net;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Drains;

/// <summary>`ebpflb drain` while connections are there and come.</summary>
public sealed class DrainTests(TestNode node) : IClassFixture<TestNode>, IDisposable
{
    public void Dispose() => node.Agent.Command("undrain", "--all");

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void New_connections_avoid_a_drained_backend_and_those_it_has_go_on(Family family)
    {
        var (service, other) = (node.Publish("a", "b", "c"), node.Publish("a", "b", "c"));
        var (id, name) = ($"held-{service.Manifest.Name}", $"default/{service.Manifest.Name}");
        // That none of 40 is at c happens once in ten million runs.
        node.Probe.Do($"hold id={id} to={service.Address(family)} count=40");
        var open = OpenAtC(service, family);
        Assert.True(open > 0);
        var udp = ConnectedToC(service, family);

        Assert.Equal((0, $"{C(family)} drained\n"), node.Agent.Command("drain", C(family), "--service", name));

        Assert.Equal(0, Load(service, LoadMode.Tcp, family).By("c/8080"));
        Assert.Equal(0, Load(service, LoadMode.UdpConnected, family).By("c/8080"));
        Assert.NotEqual(0, Load(other, LoadMode.Tcp, family).By("c/8080"));
        Assert.Equal(40, node.Probe.Do($"exchange id={id}").Number("answered"));
        Assert.Equal(open, OpenAtC(service, family));
        Assert.True(udp.Send(2).Ok);
        Assert.Equal("c/8080", udp.Receive(2)["name"]);
        udp.Close();

        Assert.Equal((0, $"{C(family)} undrained\n"), node.Agent.Command("undrain", C(family)));

        Assert.NotEqual(0, Load(service, LoadMode.Tcp, family).By("c/8080"));
        Assert.Equal(40, node.Probe.Do($"exchange id={id}").Number("answered"));
        node.Probe.Do($"release id={id}");
    }

    [Fact]
    public void It_is_told_wherever_one_looks()
    {
        var service = node.Publish("a", "b", "c");
        var backend = $"{C(Family.IPv4)}:8080";

        Assert.Equal(0, node.Agent.Command("drain", backend, "--for", "1h", "--service", $"default/{service.Manifest.Name}").ExitCode);

        foreach (var report in (string[])["drain", "status"])
        {
            var drain = Assert.Single(node.Agent.Json(report).GetProperty("drains").EnumerateArray().ToList());
            Assert.Equal(backend, drain.GetProperty("backend").GetString());
            Assert.NotNull(drain.GetProperty("until").GetString());
            Assert.Empty(drain.GetProperty("usedBy").EnumerateArray());
            Assert.Contains(backend, node.Agent.Command(report).Output, StringComparison.Ordinal);
        }
        var explained = node.Agent.Command(
            "explain", "--from", $"{node.Client.IPv4}", "--to", service.Address(Family.IPv4), "--path", "socket").Output;
        Assert.Contains("drained on this node by `ebpflb drain`", explained, StringComparison.Ordinal);
        var doctor = node.Agent.Json("doctor").GetProperty("checks").EnumerateArray()
            .Single(c => c.GetProperty("check").GetString() == "agent.drains");
        Assert.Equal("warning", doctor.GetProperty("state").GetString());
        Assert.True(node.Agent.Command("verify").ExitCode == 0);
    }

    [Fact]
    public void The_last_backend_of_a_Service_is_drained_by_force_only()
    {
        var service = node.Publish("a", "b");
        var name = $"default/{service.Manifest.Name}";
        Assert.Equal(0, node.Agent.Command("drain", $"{Of("a", Family.IPv4)}", "--service", name).ExitCode);

        var (code, said) = node.Agent.Command("drain", $"{Of("b", Family.IPv4)}", "--service", name);

        Assert.Equal(1, code);
        Assert.Contains($"is the last backend of {name}:tcp/TCP/IPv4", said, StringComparison.Ordinal);
        Assert.Equal(["b/8080"], Load(service, LoadMode.Tcp, Family.IPv4).Names.Keys);

        Assert.Equal(0, node.Agent.Command("drain", $"{Of("b", Family.IPv4)}", "--service", name, "--force").ExitCode);
        // a was not drained by force: with nothing else left it serves again.
        Assert.Equal(["a/8080"], Load(service, LoadMode.Tcp, Family.IPv4).Names.Keys);
        Assert.Equal(0, node.Agent.Command("drain", $"{Of("a", Family.IPv4)}", "--service", name, "--force").ExitCode);
        var refused = node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 5 });
        Assert.True(refused.Errors.ContainsKey("connect/ECONNREFUSED") && refused.Answered == 0, refused.Line);
        Assert.Contains("`ebpflb drain` drains them", node.Agent.Command("services", name, "-o", "wide").Output, StringComparison.Ordinal);
        Assert.NotEqual(0, Load(service, LoadMode.Tcp, Family.IPv6).By("a/8080"));
    }

    [Fact]
    public void When_all_others_go_a_drained_backend_serves_and_that_is_told()
    {
        var service = node.Publish("a", "c");
        Assert.Equal(0, node.Agent.Command("drain", C(Family.IPv4), "--service", $"default/{service.Manifest.Name}").ExitCode);

        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("c") });

        Eventually.True(
            () => node.Agent.Json("drain").GetProperty("drains")[0].GetProperty("usedBy").GetArrayLength() == 2, "the drain to give way");
        Assert.Equal(["c/8080"], Load(service, LoadMode.Tcp, Family.IPv4).Names.Keys);
    }

    [Fact]
    public void A_backend_that_no_Service_has_is_an_error_as_is_one_that_is_not_drained()
    {
        var drain = node.Agent.Command("drain", "10.99.99.99");
        var undrain = node.Agent.Command("undrain", "10.99.99.99");

        Assert.Equal(3, drain.ExitCode);
        Assert.Contains("no Service has a backend 10.99.99.99", drain.Output, StringComparison.Ordinal);
        Assert.Equal(3, undrain.ExitCode);
        Assert.Contains("10.99.99.99 is not drained", undrain.Output, StringComparison.Ordinal);
    }

    /// <summary>An agent of its own is killed.</summary>
    [Fact]
    public void It_outlives_the_agent_and_ends_when_its_time_is_over()
    {
        using var own = new TestNode();
        var service = own.Publish("a", "b", "c");
        var (b, c) = (own.Backends[1].IPv4.ToString(), own.Backends[2].IPv4.ToString());
        Assert.Equal(0, own.Agent.Command("drain", c).ExitCode);

        own.Agent.Kill();
        var away = own.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 100 });
        own.Agent.Launch();
        own.Agent.WaitUntilReady();

        Assert.Equal(0, away.By("c/8080"));
        Assert.Equal(0, own.Agent.FirstPlanOperations());
        Assert.Equal(0, own.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 100 }).By("c/8080"));

        Assert.Equal(0, own.Agent.Command("drain", b, "--for", "1s").ExitCode);
        Eventually.True(
            () => own.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 20 }).By("b/8080") > 0, "the drain of b to end");
        Assert.Equal(c, Assert.Single(own.Agent.Json("drain").GetProperty("drains").EnumerateArray().ToList())
            .GetProperty("backend").GetString());
    }

    private string C(Family family) => Of("c", family).ToString();

    private IPAddress Of(string name, Family family)
        => node.Backends.Single(b => b.Name == name) is var pod && family == Family.IPv6 ? pod.IPv6 : pod.IPv4;

    /// <summary>That one of three gets none of 100 by chance happens once in 10^17 runs.</summary>
    private LoadReport Load(TestService service, LoadMode mode, Family family)
    {
        var report = node.Probe.Load(service.Load(mode, family) with { Count = 100 });
        Assert.True(report.IsClean, report.Line);
        return report;
    }

    private long OpenAtC(TestService service, Family family)
        => node.Agent.Json("backends", $"default/{service.Manifest.Name}:tcp").GetProperty("backends").EnumerateArray()
            .Single(b => b.GetProperty("address").GetString() == C(family)).GetProperty("open").GetInt64();

    /// <summary>A connected UDP socket that has had an answer of c.</summary>
    private ProbeSocket ConnectedToC(TestService service, Family family)
    {
        while (true)
        {
            var socket = node.Probe.Open("udp", service.Address(family));
            Assert.True(socket.Connect(service.Address(family)).Ok);
            Assert.True(socket.Send(1).Ok);
            if (socket.Receive(1)["name"] == "c/8080") return socket;
            socket.Close();
        }
    }
}
