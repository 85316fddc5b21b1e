using System.Text.Json.Nodes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// What makes a container of a specification (https://github.com/opencontainers/runtime-spec), of Debian's packages, which
/// tools/install-deps.sh unpacks, and the system calls that its user, a daemon, lets containers have by default.
/// </summary>
/// <param name="Name">"runc" or "crun".</param>
internal sealed record ContainerRuntime(string Name)
{
    /// <summary>Where the packages are unpacked.</summary>
    private static readonly string Packages = Path.Combine(RepositoryPaths.Root, "build", "tools", "others");

    /// <summary>
    /// Has containerd, which serves $1, write the specification of a container with the capabilities from $3 on into $2. All that it is
    /// given by default is taken from it. containerd keeps its state in memory, in namespaces that end with it.
    /// </summary>
    private const string AskContainerd = """
        set -e
        packages=$1 to=$2; shift 2
        mount -t tmpfs none /run
        cat >/run/config.toml <<-END
        	version = 2
        	root = "/run/containerd/root"
        	state = "/run/containerd/state"
        	disabled_plugins = ["io.containerd.grpc.v1.cri"]
        	[grpc]
        	address = "/run/containerd.sock"
        END
        export PATH="$packages/usr/bin:$PATH"
        containerd --config /run/config.toml >/run/log 2>&1 &
        until [ -S /run/containerd.sock ]; do kill -0 $! || { cat /run/log; exit 1; }; sleep 0.05; done
        options=
        for each in CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID \
        		SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE; do
        	options="$options --cap-drop CAP_$each"
        done
        for each; do options="$options --cap-add $each"; done
        mkdir /run/root
        ctr -a /run/containerd.sock container create --seccomp --net-host $options --rootfs /run/root asked /none
        ctr -a /run/containerd.sock container info --spec asked >"$to"
        """;

    /// <summary>As containerd uses it.</summary>
    public static ContainerRuntime Runc { get; } = new("runc");

    /// <summary>As CRI-O uses it.</summary>
    public static ContainerRuntime Crun { get; } = new("crun");

    /// <summary>Its command, with files of its containers in a directory.</summary>
    public IReadOnlyList<string> Command(string state) =>
    [
        RepositoryPaths.Tool("env"), $"LD_LIBRARY_PATH={Path.Combine(Packages, "usr/lib", $"{Machine}-linux-gnu")}",
        Path.Combine(Packages, "usr", Name == "runc" ? "sbin" : "bin", Name), "--root", state,
    ];

    /// <summary>The specification of a container with just these capabilities, with the filter of system calls.</summary>
    public JsonObject Specification(IReadOnlyList<string> capabilities)
    {
        var file = Path.GetTempFileName();
        try
        {
            var (code, said) = ChildProcess.Run(new ProcessPlace(null, null),
                [RepositoryPaths.Tool("unshare"), "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                    "--propagation", "private", "--", "/bin/bash", "-c", AskContainerd, "ask", Packages, file, .. capabilities]);
            Assert.True(code == 0, said);
            var specification = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
            Assert.Equal(capabilities.Order(),
                specification["process"]!["capabilities"]!["bounding"]!.AsArray().Select(c => c!.GetValue<string>()).Order());
            if (this == Crun) AsOfCriO(specification["linux"]!.AsObject(), capabilities);
            return specification;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void AsOfCriO(JsonObject linux, IReadOnlyList<string> capabilities)
    {
        linux["seccomp"] = SeccompProfile.Of(Path.Combine(Packages, "usr/share/containers/seccomp.json"), capabilities);
        // It lifts a limit of its own before it loads the program that has the rules of devices.
        if (!ContainerSpec.HasSysResource) linux["resources"]!.AsObject().Remove("devices");
    }

    /// <summary>As `uname -m` has it.</summary>
    private static string Machine
        => System.Runtime.InteropServices.RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.Arm64 => "aarch64",
            _ => "x86_64",
        };
}
