using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Chaos;

/// <summary>A file that says before which of its system calls an agent is killed (`netprobe ordered`).</summary>
internal sealed class KillOrder : IDisposable
{
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("ebpflb-order-");

    private string File => Path.Combine(place.FullName, "order");

    /// <summary>What an agent is started by that is to obey.</summary>
    public IReadOnlyList<string> Prefix => [RepositoryPaths.Netprobe, "ordered", File];

    /// <param name="steps">As `netprobe killed` takes them ("write:lb_services4*2"); counted from now on.</param>
    public void Give(string steps)
    {
        System.IO.File.WriteAllText($"{File}.new", steps);
        System.IO.File.Move($"{File}.new", File, overwrite: true);
    }

    /// <summary>From now on nobody is killed by it; true: the agent was, and has ended.</summary>
    public bool TakeBack(AgentProcess agent)
    {
        System.IO.File.Delete(File);
        var isUsed = System.IO.File.Exists($"{File}.used");
        System.IO.File.Delete($"{File}.used");
        if (isUsed) Eventually.True(() => agent.HasEnded, "the agent to be gone");
        return isUsed;
    }

    public void Dispose() => place.Delete(recursive: true);
}
