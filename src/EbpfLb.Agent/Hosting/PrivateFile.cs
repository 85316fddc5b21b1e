namespace EbpfLb.Agent.Hosting;

/// <summary>
/// Files of the run directory are for root alone, whoever may look into the directory: who can read a file can also lock it (flock(2)
/// asks for no right to write), and they hold names and addresses.
/// </summary>
internal static class PrivateFile
{
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>A new file to be written, or an emptied one that an agent of before left, which may have had another mode.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor for want of rights.</exception>
    public static FileStream Create(string path)
    {
        Restrict(path);
        return new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Mode });
    }

    /// <summary>A file, if it is there, gets the mode; one of somebody else stays as it is.</summary>
    public static void Restrict(string path)
    {
        try
        {
            if (File.Exists(path) && File.GetUnixFileMode(path) != Mode) File.SetUnixFileMode(path, Mode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is gone meanwhile, or belongs to another: opening it says so.
        }
    }
}
