using System.Text;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>Reads files that a configuration names, with errors that name both.</summary>
internal static class NamedFile
{
    /// <summary>Characters. A CA bundle of all public CAs has a quarter of a million.</summary>
    private const int LargestFile = 4 * 1024 * 1024;

    /// <param name="where">What named the file.</param>
    /// <exception cref="ConnectionException">It cannot be read, or it is too large to be what it should be.</exception>
    public static string ReadText(string path, string where)
    {
        try
        {
            using var reader = new StreamReader(
                new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            var text = new StringBuilder();
            var buffer = new char[8192];
            for (int read; (read = reader.Read(buffer)) > 0;)
            {
                text.Append(buffer, 0, read);
                if (text.Length > LargestFile)
                    throw new ConnectionException($"{where}: {path} has more than {LargestFile} characters; check the path");
            }
            return text.ToString();
        }
        catch (Exception e) when (e is not (ConnectionException or OutOfMemoryException))
        {
            throw new ConnectionException(
                e switch
                {
                    FileNotFoundException or DirectoryNotFoundException => $"{where}: {path} does not exist; check the path",
                    UnauthorizedAccessException when Directory.Exists(path) => $"{where}: {path} is a directory; name the file in it",
                    UnauthorizedAccessException => $"{where}: {path} may not be read by this user; check its owner and mode",
                    _ => $"{where}: {path} cannot be read: {e.Message}; check the path",
                },
                e);
        }
    }
}
