using System.ComponentModel;
using EbpfLb.Bpf;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Preconditions.Tests;

/// <summary>What tests need of a machine, each with what is wrong with it here. Tests name theirs by [Trait("needs", NAME)].</summary>
internal static class Machine
{
    private const string Install = "'tools/install-deps.sh test' as root installs it";

    private static readonly string[] Tools = [
        "ip", "nsenter", "tc", "bpftool", "tcpdump", "curl", "prometheus", "promtool", "unshare", "kubectl"];

    /// <summary>By name: null when it is there, else what is wrong and what to do.</summary>
    public static IReadOnlyDictionary<string, Func<string?>> Needs { get; } = new Dictionary<string, Func<string?>>
    {
        ["root"] = ()
            => Environment.IsPrivilegedProcess ? null : "These tests make network namespaces and load BPF programs: run them as root.",
        ["netns"] = OfRoot("No network namespace can be made.", () => ScratchNetns.Create().Dispose()),
        ["cgroup2"] = OfRoot(
            "No cgroup can be made: mount cgroup2.", () => CgroupScope.Create(Leftovers.NewName()).Dispose()),
        ["bpf"] = OfRoot("The kernel loads no BPF program: CONFIG_BPF_SYSCALL, "
                + "CONFIG_DEBUG_INFO_BTF and a container's capabilities are to be looked at.",
            LoadProgram),
        ["tun"] = ()
            => File.Exists("/dev/net/tun") ? null
                : "There is no /dev/net/tun: load the kernel module tun, or give a container that device.",
    }.Concat(Tools.Select(tool => KeyValuePair.Create<string, Func<string?>>(
        tool, () => RepositoryPaths.HasTool(tool) ? null : $"'{tool}' is not installed: {Install}."))).ToDictionary();

    /// <summary>Without root none of this works, and that is said already.</summary>
    private static Func<string?> OfRoot(string problem, Action attempt) => () =>
    {
        if (!Environment.IsPrivilegedProcess || !RepositoryPaths.HasTool("ip")) return null;
        try
        {
            attempt();
            return null;
        }
        catch (Exception exception) when (
            exception is IOException or InvalidOperationException or UnauthorizedAccessException or BpfException or Win32Exception)
        {
            return $"{problem} ({exception.Message})";
        }
    };

    private static void LoadProgram()
    {
        using var bpf = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "devices.unit.bpf.o")));
        bpf.Load();
    }
}
