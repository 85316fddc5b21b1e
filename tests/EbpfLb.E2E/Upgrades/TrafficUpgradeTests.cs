using System.Text.Json;
using EbpfLb.E2E.Outside;

namespace EbpfLb.E2E.Upgrades;

/// <summary>
/// Upgrades between an agent that counts packets and bytes and one that does not, or counts in a map of another layout: connections stay,
/// and counts are of nobody else. EBPFLB_UPGRADE_OLDER names an agent from before there was the option.
/// </summary>
public sealed class TrafficUpgradeTests : IDisposable
{
    private const int Held = 20;
    private const string Counts = "--traffic-counts";

    private readonly TestCluster cluster = new();
    private readonly OutsideService service;

    public TrafficUpgradeTests()
    {
        service = cluster.Publish("a", "c");
        foreach (var (id, family) in ((string, Family)[])[("held4", Family.IPv4), ("held6", Family.IPv6)])
            cluster.Probe.Do($"hold id={id} to={service.Address(cluster, Way.NodePortOfFirst, family)} count={Held}");
    }

    public static TheoryData<string, bool> Others
    {
        get
        {
            var others = new TheoryData<string, bool> { { UpgradeTests.BinaryOf("every"), true } };
            if (Environment.GetEnvironmentVariable("EBPFLB_UPGRADE_OLDER") is { Length: > 0 } older) others.Add(older, false);
            return others;
        }
    }

    public void Dispose() => cluster.Dispose();

    [Theory]
    [MemberData(nameof(Others))]
    public void Connections_stay_and_counts_begin_anew_where_their_map_does(string other, bool knowsOption)
    {
        Switch(other);
        AskAll();

        // To an agent that counts, from one that does not.
        Switch(TestNode.Binary, Counts);
        Assert.Equal(0, PacketsIn());
        AskAll();
        Assert.InRange(PacketsIn()!.Value, Held, long.MaxValue);

        // Back, and there again: what was counted before is not shown of whoever has the id now.
        Switch(other);
        if (knowsOption) Assert.Null(PacketsIn());
        AskAll();
        Switch(TestNode.Binary, Counts);
        Assert.Equal(0, PacketsIn());
        AskAll();
        if (!knowsOption) return;

        // Both count, in maps of another layout.
        foreach (var binary in (string[])[other, TestNode.Binary])
        {
            Switch(binary, Counts);
            Assert.Equal(0, PacketsIn());
            AskAll();
            Assert.InRange(PacketsIn()!.Value, Held, long.MaxValue);
        }
    }

    private void Switch(string binary, params string[] options)
    {
        var agent = cluster.First.Agent;
        agent.Kill();
        agent.Use(binary);
        agent.Launch(options);
        agent.WaitUntilReady();
    }

    private void AskAll()
    {
        foreach (var id in (string[])["held4", "held6"]) Assert.Equal(Held, cluster.Probe.Do($"exchange id={id}").Number("answered"));
    }

    /// <summary>Of the IPv4 port; null: not counted.</summary>
    private long? PacketsIn()
    {
        var traffic = cluster.First.Agent.Json("services", $"default/{service.Manifest.Name}:tcp").GetProperty("services").EnumerateArray()
            .Single(row => row.GetProperty("protocol").GetString() == "TCP" && row.GetProperty("family").GetString() == "IPv4")
            .GetProperty("traffic");
        return traffic.ValueKind == JsonValueKind.Null ? null : traffic.GetProperty("packetsIn").GetInt64();
    }
}
