using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Kernel;

/// <summary>Opens the dataplane; what the kernel or the machine refuses is an error that says what to do.</summary>
internal static class KernelStart
{
    /// <param name="ownership">Held for as long as this is written to; null: the caller sees to it.</param>
    /// <exception cref="StartException">The kernel refuses, or libbpf is not installed.</exception>
    public static Dataplane Open(StartOptions options, InstanceOwnership? ownership, ILoggerFactory loggers)
    {
        if (options.Instance.CgroupRoot is { } cgroup && !Directory.Exists(cgroup))
            throw new StartException(
                $"{OptionNames.CgroupRoot} {cgroup} is no directory: make it, or leave the option out for the root of the cgroup2 mount");
        if (options.Instance.CgroupRoot is { } named && CgroupFileSystem.WhyNone(named) is { } why)
            throw new StartException($"{OptionNames.CgroupRoot} (cgroupRoot): {why}");
        return Explained(() =>
        {
            if (Privileges.Missing() is { } rights) throw new StartException(rights);
            var features = KernelFeatures.Probe();
            if (features is [{ Name: KernelFeatures.BpfSyscall, IsAvailable: false } missing]) throw new StartException(missing.Reason);
            var places = PrivateBpfFs.Problems(ownership, options, loggers.CreateLogger(typeof(KernelStart)));
            return Dataplane.Open(KernelOptions.Of(options) with { Ownership = ownership, Found = new(features, places) }, loggers);
        });
    }

    /// <exception cref="StartException">In place of what the kernel or the machine threw.</exception>
    public static T Explained<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (DllNotFoundException e)
        {
            throw new StartException("libbpf.so.1 (1.1 or newer) is not there: install the package libbpf1", e);
        }
        catch (Exception e) when (e is BpfException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new StartException(e.Message, e);
        }
    }
}
