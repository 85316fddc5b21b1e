using System.Globalization;
using EbpfLb.Bpf;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Processes of this machine, as far as this pid namespace shows them.</summary>
internal static class Processes
{
    /// <summary>Every process of the machine is seen.</summary>
    public static bool SeesAll => MountLifetime.OfThisProcess().IsMachinePidNamespace;

    /// <summary>Ids of the processes of a name.</summary>
    public static IReadOnlyList<int> Find(string name)
    {
        List<int> found = [];
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            try
            {
                if (File.ReadAllText(Path.Combine(directory, "comm")).Trim() == name) found.Add(pid);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }
        return found;
    }
}
