namespace EbpfLb.Kubernetes.Auth;

/// <summary>Reads files that a configuration names, with errors that name both.</summary>
internal static class ConfigFile
{
    /// <param name="where">What named the file.</param>
    /// <exception cref="ConfigException">It cannot be read.</exception>
    public static string ReadText(string path, string where)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, where, e);
        }
    }

    /// <inheritdoc cref="ReadText"/>
    public static async Task<string> ReadTextAsync(string path, string where, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, where, e);
        }
    }

    private static ConfigException Unreadable(string path, string where, Exception e) => new(
        e switch
        {
            FileNotFoundException or DirectoryNotFoundException => $"{where}: {path} does not exist; check the path",
            UnauthorizedAccessException => $"{where}: {path} may not be read by this user; check its owner and mode",
            _ => $"{where}: {path} cannot be read: {e.Message}; check the path",
        },
        e);
}
