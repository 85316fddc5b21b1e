using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb cleanup`: removes what an instance made in the kernel and its files, and nothing else.</summary>
internal sealed class CleanupCommand(AgentParts parts, Terminal terminal)
{
    /// <param name="all">
    /// Every instance that has pins, or files of its state in the run directory, whatever the instance's name says.
    /// </param>
    /// <param name="force">Also while its agent runs, which puts all back unless it hangs.</param>
    public int Execute(InstanceOptions instance, bool all, bool force)
    {
        if (!parts.IsRoot)
        {
            terminal.Error.WriteLine("cannot clean up: maps and programs belong to root; run as root");
            return ExitCode.Failed;
        }
        try
        {
            IReadOnlyList<string> names = all ? All(instance) : [instance.Name];
            var code = ExitCode.Ok;
            foreach (var name in names)
                if (!TryRemove(instance with { Name = name }, force)) code = ExitCode.Failed;
            if (names.Count == 0) terminal.Out.WriteLine("no instances found");
            return code;
        }
        catch (Exception e) when (e is StartException or IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"cannot clean up: {e.Message}");
            return ExitCode.Failed;
        }
    }

    private IReadOnlyList<string> All(InstanceOptions instance) =>
    [
        .. parts.Remover.List(instance.BpfFs).Union(InstanceOptions.WithState(instance.RunDirectory)).Order(StringComparer.Ordinal),
    ];

    /// <summary>Of several, one that cannot be removed does not keep the others.</summary>
    private bool TryRemove(InstanceOptions instance, bool force)
    {
        try
        {
            return Remove(instance, force);
        }
        catch (StartException e)
        {
            terminal.Error.WriteLine($"cannot clean up: {e.Message}");
            return false;
        }
    }

    private bool Remove(InstanceOptions instance, bool force)
    {
        if (!force && InstanceLock.IsHeld(instance.LockFile))
        {
            terminal.Error.WriteLine(
                $"the agent of instance '{instance.Name}' runs (it holds {instance.LockFile}); stop it first, or give --force");
            return false;
        }
        var owner = parts.Remover.OwnerOf(instance) ?? (InstanceLock.IsHeld(instance.LockFile) ? $"it holds {instance.LockFile}" : null);
        List<string> removed = [.. parts.Remover.Remove(instance, force)];
        // Without its control socket an agent that goes on could not be asked any more.
        if (owner is null) removed.AddRange(RemoveFiles(instance));
        foreach (var what in removed) terminal.Out.WriteLine($"removed {what}");
        if (owner is not null)
            terminal.Error.WriteLine($"an agent still owns instance '{instance.Name}' ({owner}): if it works, "
                + "it puts all of this back at once; stop it and run this again");
        if (removed.Count == 0) terminal.Out.WriteLine($"instance '{instance.Name}' not found");
        return true;
    }

    /// <summary>The run directory goes with the last instance, and only if nobody else put something into it.</summary>
    private static List<string> RemoveFiles(InstanceOptions instance)
    {
        List<string> removed = [];
        string[] written = [instance.DrainFile, instance.HistoryFile];
        foreach (var file in (string[])
            [instance.ControlSocket, instance.LockFile, .. written, .. written.Select(f => f + InstanceOptions.Unfinished)])
        {
            if (!File.Exists(file)) continue;
            File.Delete(file);
            removed.Add(file);
        }
        if (Directory.Exists(instance.RunDirectory) && !Directory.EnumerateFileSystemEntries(instance.RunDirectory).Any())
        {
            if (TryDelete(instance.RunDirectory)) removed.Add(instance.RunDirectory);
        }
        return removed;
    }

    /// <summary>In a pod the directory is a mount of the host's, which cannot be removed from here, nor need it be.</summary>
    private static bool TryDelete(string directory)
    {
        try
        {
            Directory.Delete(directory);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
