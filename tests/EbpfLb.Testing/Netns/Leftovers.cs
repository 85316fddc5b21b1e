using System.Globalization;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Netns;

/// <summary>What test processes that were killed left on the machine, recognised by the process id in its name.</summary>
public static class Leftovers
{
    /// <summary>Start of every name that a test gives to something which outlives its process.</summary>
    private const string Mark = "elb";

    private static readonly Lock Here = new();
    private static int made;

    /// <summary>A name that no other has: counted, because of a few thousand random ones of four digits two were equal.</summary>
    public static string NewName() => $"{Mark}{Environment.ProcessId}-{Interlocked.Increment(ref made):x4}";

    /// <summary>One at a time, in this process and on this machine: two that remove the same thing would be in each other's way.</summary>
    public static void RemoveOfDeadProcesses()
    {
        lock (Here)
        {
            using var machine = Eventually.Get(
                TryLockMachine, file => file is not null, "another test process to have removed what is left");
            Remove();
        }
    }

    private static void Remove()
    {
        Each(CgroupScope.All(), cgroup => CgroupScope.Open(cgroup).Dispose());
        Each(NetnsTopology.All(), NetnsTopology.Delete);
        Each(BpfFs.Instances(), BpfFs.RemoveInstance);
        Each(BpfFs.Directories(), BpfFs.RemoveDirectory);
    }

    /// <summary>What cannot be removed is left to the next: it may be just about to be made, by one that is being killed.</summary>
    private static void Each(IEnumerable<string> names, Action<string> remove)
    {
        foreach (var name in names.Where(IsOfDeadProcess))
        {
            try
            {
                remove(name);
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
            }
        }
    }

    private static FileStream? TryLockMachine()
    {
        try
        {
            return new FileStream("/run/ebpflb-test-leftovers", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool IsOfDeadProcess(string name)
    {
        var dash = name.IndexOf('-', StringComparison.Ordinal);
        return name.StartsWith(Mark, StringComparison.Ordinal)
            && dash > Mark.Length
            && int.TryParse(name.AsSpan(Mark.Length, dash - Mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && !Directory.Exists($"/proc/{pid}");
    }
}
