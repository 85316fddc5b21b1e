namespace EbpfLb.Agent.Hosting;

/// <summary>
/// Held by the agent of an instance for as long as it lives: flock(2) on a file of the run directory, which the kernel lets go when
/// the process ends, however it ends. The file is root's alone: whoever can read it can lock it, and no agent would start any more.
/// </summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly FileStream file;

    private InstanceLock(FileStream file) => this.file = file;

    /// <summary>null: another process holds it.</summary>
    public static InstanceLock? TryTake(string path)
    {
        try
        {
            PrivateFile.Restrict(path);
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Unix.
            return new InstanceLock(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = PrivateFile.Mode,
            }));
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <summary>Whether an agent of this instance lives.</summary>
    public static bool IsHeld(string path)
    {
        if (!File.Exists(path)) return false;
        using var mine = TryTake(path);
        return mine is null;
    }

    public void Dispose() => file.Dispose();
}
