using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;

namespace EbpfLb.Architecture.Tests.Native;

/// <summary>Numbers of one architecture as Tmds.LibC has them, from the assembly that the package has for it.</summary>
internal sealed class LibCPackage
{
    private readonly Type library;

    private LibCPackage(string runtime)
    {
        var package = typeof(LibCPackage).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a
            => a.Key == "Tmds.LibC").Value!;
        var path = Path.Combine(package, "runtimes", runtime, "lib/netstandard2.0/Tmds.LibC.dll");
        library = new AssemblyLoadContext(runtime).LoadFromAssemblyPath(path).GetType("Tmds.Linux.LibC", throwOnError: true)!;
    }

    public static LibCPackage X64 { get; } = new("linux-x64");

    public static LibCPackage Arm64 { get; } = new("linux-arm64");

    /// <summary>null: it does not have it.</summary>
    public long? Find(string name)
        => library.GetProperty(name, BindingFlags.Public | BindingFlags.Static) is { } property ? Number(property.GetValue(null)!) : null;

    /// <summary>C's typedefs are structs there, which print their number.</summary>
    private static long Number(object value) => value is IConvertible and not string
        ? Convert.ToInt64(value, CultureInfo.InvariantCulture)
        : long.Parse(value.ToString()!, CultureInfo.InvariantCulture);
}
