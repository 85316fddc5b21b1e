using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Probes;

/// <summary>The generator of tools/loadgen: one frame again and again by a device, from as many source ports as are to be flows.</summary>
public static class Loadgen
{
    private static readonly string Binary = Path.Combine(RepositoryPaths.Root, "build", "native", "loadgen");

    /// <summary>Sends until its time is over.</summary>
    /// <param name="netnsPath">Where the device is.</param>
    /// <param name="options">As its source says.</param>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static ProbeAnswer Run(string netnsPath, string options)
    {
        var (code, output) = ChildProcess.Run(new ProcessPlace(netnsPath, null), [Binary, .. options.Split(' ')]);
        return code == 0 ? ProbeAnswer.Parse(output.Trim()) : throw new InvalidOperationException($"loadgen {options}: {output}");
    }
}
