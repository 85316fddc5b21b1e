using System.Text.Json;
using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Firewalls;

/// <summary>A <see cref="MigrationBed"/> whose first node has what is installed of others, and what gets through there.</summary>
internal sealed class FirewallBed : IDisposable
{
    private readonly DirectoryInfo state = Directory.CreateTempSubdirectory("ebpflb-migrate-");

    /// <param name="isLocal">See <see cref="MigrationBed"/>.</param>
    /// <param name="addPod">See <see cref="MigrationBed"/>.</param>
    public FirewallBed(string mode = "iptables-nft", bool isLocal = false, Func<NodeNetns, string, PodNetns>? addPod = null)
    {
        Bed = new MigrationBed(mode, isLocal, addPod);
        try
        {
            Root = Bed.Keep(PrivateRoot.Start(Bed.Node.Place));
            Ways = new ServiceWays(Bed, Bed.Keep(NetProbe.Start(Bed.Node.Place)),
                Bed.Keep(NetProbe.Start(Bed.Backend.Place)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public MigrationBed Bed { get; }

    public PrivateRoot Root { get; } = null!;

    public ServiceWays Ways { get; } = null!;

    /// <summary>
    /// What kube-proxy's rules get through beside a firewall, on a node by itself: flows of UDP that netfilter translates would go on after
    /// it is gone.
    /// </summary>
    public static void AssertKubeProxy(string mode, Action<PrivateRoot> startFirewall, string expected)
    {
        using var bed = new FirewallBed(mode);
        startFirewall(bed.Root);
        bed.Bed.LoadKubeProxy();
        Assert.Equal(expected, bed.Ways.Try(ofKubeProxy: true));
    }

    /// <summary>Takes kube-proxy's rules away, as `ebpflb migrate run` does.</summary>
    public void Migrate()
    {
        var (code, output) = Bed.Agent.Command("migrate", "run", "--state-dir", state.FullName);
        Assert.True(code == 0, output);
    }

    /// <summary>The same, as it sees the files of <see cref="Root"/>; returns how it ended, and what it printed.</summary>
    public (int ExitCode, string Output) MigrateInside()
        => Bed.Agent.CommandBy(Root.Enter, "migrate", "run", "--state-dir", state.FullName);

    /// <summary>What `ebpflb doctor` says of one thing: states, findings and remedies of its lines.</summary>
    public (IReadOnlyList<string> States, string Finding, string Remedy) Doctor(string check)
    {
        var (_, text) = Bed.Agent.Command("doctor", "-o", "json");
        var found = JsonDocument.Parse(text).RootElement.GetProperty("checks").EnumerateArray()
            .Where(c => c.GetProperty("check").GetString() == check).ToList();
        return ([.. found.Select(c => c.GetProperty("state").GetString()!)], All("finding"), All("remedy"));

        string All(string field) => string.Join("; ", found.Select(c => c.GetProperty(field).GetString()));
    }

    /// <summary>It warns, of all that it says; returns the findings, and commands of the remedies.</summary>
    public (string Finding, IReadOnlyList<string> Commands) Warned(string check)
    {
        var (states, finding, remedy) = Doctor(check);
        Assert.True(states.Count > 0 && states.All(s => s == "warning"), $"{string.Join(' ', states)}: {finding}");
        return (finding, [.. remedy.Split('`').Where((_, i) => i % 2 == 1).Distinct()]);
    }

    public void AssertInOrder(string check)
    {
        var (states, finding, _) = Doctor(check);
        Assert.True(states.SequenceEqual(["ok"]), $"{check} is {string.Join(' ', states)}: {finding}");
    }

    public void Follow(IReadOnlyList<string> commands)
    {
        foreach (var command in commands) Root.Run("sh", "-c", command);
    }

    public void Dispose()
    {
        Bed.Dispose();
        state.Delete(recursive: true);
    }
}
