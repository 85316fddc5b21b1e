using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace EbpfLb.Agent.Commands.Sysdump;

/// <summary>A .tar.gz of text files in one directory, which only its owner may read.</summary>
internal sealed class DumpArchive : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string directory;
    private readonly DateTimeOffset now;
    private readonly GZipStream compressed;
    private readonly TarWriter tar;

    /// <summary>In place of a file: the standard output.</summary>
    public const string Output = "-";

    /// <param name="file">To be made, or <see cref="Output"/>.</param>
    /// <param name="directory">Of all files in it.</param>
    /// <exception cref="IOException">It cannot be made, or is there already.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made there.</exception>
    public DumpArchive(string file, string directory, DateTimeOffset now)
    {
        (this.directory, this.now) = (directory, now);
        compressed = new GZipStream(
            file == Output ? Console.OpenStandardOutput()
                : new FileStream(
                    file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Mode }),
            CompressionLevel.Optimal);
        tar = new TarWriter(compressed);
    }

    public void Add(string name, string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : text + "\n"));
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{directory}/{name}")
        {
            DataStream = content, Mode = Mode, ModificationTime = now,
        });
    }

    public void Dispose()
    {
        tar.Dispose();
        compressed.Dispose();
    }
}

/// <summary>One file of the archive.</summary>
/// <param name="Read">Its text; what it throws is noted in place of it.</param>
internal sealed record DumpPart(string File, Func<CancellationToken, Task<string>> Read)
{
    public DumpPart(string file, Func<string> read) : this(file, _ => Task.FromResult(read()))
    {
    }
}
